"""What a reader asks for on the command line: a selection, a day, a zone. The options are those of every outlet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import click
from click.shell_completion import CompletionItem

from confradar import steps
from confradar.deadlines.moments import ReaderZone, reader_zone
from confradar.deadlines.parameters import PARAMETERS, Parameter
from confradar.deadlines.selection import Selection
from confradar.deadlines.verdict import EDITOR
from confradar.errors import SelectionError, SettingError
from confradar.settings import Settings
from confradar.sources.base import readers

Command = Callable[..., Any]
FORMS = {"json": "JSON", "csv": "a table for spreadsheets", "ics": "a calendar"}
zone_option = click.option(
    "--zone",
    metavar="ZONE",
    help="Show times in this zone: AoE, UTC or a name such as Europe/Berlin. CONFRADAR_ZONE if not given, else UTC.",
)


def as_of_option(command: Command) -> Command:
    """The option `--as-of` of a command that takes no selection otherwise, for `selection`."""
    return option("as_of", PARAMETERS["as_of"])(command)


def selection_options(*without: str) -> Callable[[Command], Command]:
    """The parameters of a selection as options of a command, but for those named; see `selection`."""

    def decorated(command: Command) -> Command:
        for name, parameter in reversed(PARAMETERS.items()):
            if name not in without:
                command = option(name, parameter)(command)
        return command

    return decorated


def option(name: str, parameter: Parameter) -> Callable[[Command], Command]:
    """A parameter of a selection as an option of a command, for `selection`."""
    told = parameter.about + (f"; {parameter.wanted}" if parameter.choices else "")
    example = f", e.g. {parameter.example}" if parameter.example and not parameter.choices else ""

    def complete(_context: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
        return [CompletionItem(choice) for choice in parameter.choices if choice.startswith(begun)]

    return click.option(
        f"--{name.replace('_', '-')}",
        f"selection_{name}",
        metavar=name.upper(),
        multiple=parameter.many,
        shell_complete=complete,
        help=f"{told[0].upper()}{told[1:]}{example}.{' Repeatable.' * parameter.many}",
    )


def forms(*names: str) -> Callable[[Command], Command]:
    """Options such as `--csv` that ask for another form than a table; the command gets its name as `form`."""

    def decorated(command: Command) -> Command:
        for name in reversed(names):
            command = click.option(f"--{name}", "form", flag_value=name, help=f"Print {FORMS[name]}.")(command)
        return command

    return decorated


def selection(given: Mapping[str, Any]) -> Selection:
    """The selection of a command's options. Raises SelectionError, in the words of every outlet."""
    pairs = []
    for name, value in given.items():
        values = value if isinstance(value, tuple) else (value,)
        pairs += [(name.removeprefix("selection_"), one) for one in values if one is not None]
    return Selection.parse(pairs, sources=(*readers(), EDITOR))


def moment(now: str | None, asked: Selection) -> datetime:
    """The moment from which a command counts: that of `--now`, else that of `--as-of`, else this one."""
    return asked.as_of if asked.as_of and now is None else steps.instant(now)


def zone(given: str | None, settings: Settings) -> ReaderZone:
    """The zone in which a reader wants times. Raises SelectionError or SettingError for one that there is not."""
    try:
        return reader_zone(given or settings.zone)
    except ValueError as error:
        if given:
            raise SelectionError([("zone", str(error))]) from error
        raise SettingError(f"CONFRADAR_ZONE: {error}") from error
