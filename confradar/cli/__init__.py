"""The `confradar` command. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from types import FrameType

import click

from confradar.errors import ConfRadarError

# Each command lives in one module; it is imported when it is asked for, so that `--help` stays quick.
COMMANDS = {
    "crawl": "running",
    "up": "running",
    "watchdog": "running",
    "demo": "staged",
    "list": "reading",
    "show": "reading",
    "changes": "reading",
    "sources": "reading",
    "runs": "reading",
    "parse": "trying",
    "resolve": "trying",
    "new-source": "trying",
    "doctor": "caring",
    "config": "caring",
    "db": "caring",
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
        module = importlib.import_module(f"confradar.cli.{COMMANDS[name]}")
        command = getattr(module, name.replace("-", "_") if name != "list" else "list_")
        return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="confradar")
def cli() -> None:
    """ConfRadar tells which conference deadlines are coming, and when one moves.

    \b
    confradar demo      see it work, on staged sites, in a minute
    confradar crawl     read the five sources now
    confradar list      the deadlines coming next
    """


def main() -> None:
    """Run the command. A known error becomes one line and exit code 1; an unknown one keeps its traceback."""
    signal.signal(signal.SIGTERM, _leave)
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
    except BrokenPipeError:
        # Whoever read us has enough; Python's own flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends as a normal exit does, so that whatever is to be stopped is stopped."""
    sys.exit(143)
