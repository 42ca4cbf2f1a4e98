"""The `confradar` command. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import atexit
import difflib
import gc
import importlib
import os
import signal
import sys
from types import FrameType

import click

from confradar.errors import ConfRadarError

# Each command lives in one module, which is imported when it is asked for, so that `--help` stays quick.
COMMANDS = {
    "crawl": ("running", "Read the sources now and store what they say."),
    "recheck": ("rechecking", "Read the pages of conferences with a gate at hand again."),
    "up": ("running", "Run broker, worker, beat, watchdog, web server and Flower here."),
    "serve": ("serving", "Serve the operator pages and the API."),
    "watchdog": ("running", "Finish what a chord left open; notice missing nights."),
    "demo": ("staged", "See it work, on staged sites, in a minute."),
    "list": ("reading", "Show the deadlines coming next."),
    "search": ("reading", "Find conferences by words."),
    "show": ("reading", "Show one conference with every claim."),
    "why": ("explaining", "Say why a date is believed."),
    "changes": ("reading", "Show what moved, earlier ones first."),
    "follow": ("followings", "Send messages when a date moves."),
    "followed": ("followings", "Show who follows what, and whether messages arrive."),
    "unfollow": ("followings", "End a follow."),
    "deliver": ("followings", "Send the messages that are due."),
    "sources": ("reading", "Show the sources and their feeds."),
    "graph": ("drawing", "Show the steps, their last states and what they need."),
    "runs": ("operating", "Show what ran; cancel, retry, release."),
    "replay": ("replaying", "Read a night again from its archive, without network."),
    "backfill": ("replaying", "Read the nights of some days again from the archive."),
    "alerts": ("alerting", "Show what is wrong, and what was."),
    "logs": ("logs", "Show what a run logged, or follow it."),
    "schedule": ("operating", "Show, pause or resume the schedule of the nights."),
    "fetch": ("trying", "Show what a source would send and get for one page."),
    "claim": ("claiming", "Correct a date against all sources."),
    "parse": ("trying", "Print the listings of a saved page."),
    "resolve": ("trying", "Say what a written date means in UTC."),
    "identify": ("identifying", "Say which mentions in a file are one conference."),
    "identity": ("identifying", "See and correct which mentions are one conference."),
    "new-source": ("trying", "Begin a new source."),
    "doctor": ("doctor", "Find what is wrong."),
    "operator-password": ("serving", "Make the operator's password for the pages."),
    "completion": ("completion", "Make a shell complete commands and options."),
    "config": ("caring", "Print the effective settings, secrets masked."),
    "prune": ("keeping", "Delete what is older than anybody asks for."),
    "metrics": ("keeping", "Print the figures that Prometheus reads."),
    "db": ("caring", "Look after the database."),
}


class Commands(click.Group):
    """A group whose commands are imported late, and that suggests near names."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"confradar.cli.{COMMANDS[name][0]}")
        command = getattr(module, name.replace("-", "_") if name != "list" else "list_")
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])

    def invoke(self, context: click.Context) -> object:
        """As any group does, but a reader who has enough is no failure, as which click would end it."""
        try:
            return super().invoke(context)
        except BrokenPipeError as error:
            raise BrokenPipeError from error  # without its number, by which click knows it

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As any group does, with near names for one that does not exist."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            context.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(context, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="confradar")
def cli() -> None:
    """ConfRadar tells which conference deadlines are coming, and when one moves.

    \b
    confradar demo      see it work, on staged sites, in a minute
    confradar crawl     read the five sources now
    confradar list      the deadlines coming next

    \b
    Exit codes: 0 done · 1 failed, or nothing found · 2 wrong usage, unknown name, refused
    3 some sources failed · 130 interrupted
    """


def main() -> None:
    """Run the command. A known error becomes one line and exit code 1; an unknown one keeps its traceback."""
    signal.signal(signal.SIGTERM, _leave)
    atexit.register(gc.freeze)  # a last look through all that was loaded takes 0.4 s; what must be closed says so
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except ConfRadarError as error:
        click.echo(f"confradar: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever reads has enough; what Python still holds has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends as a normal exit does, so that whatever is to be stopped is stopped."""
    sys.exit(143)
