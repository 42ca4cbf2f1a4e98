"""Every error that ConfRadar raises on purpose. The message says what to do; the docstring says when."""

from __future__ import annotations

from collections.abc import Sequence


class ConfRadarError(Exception):
    """Something is wrong that a person can mend. The command line prints it as one line, without a traceback."""

    exit_code = 1


class SettingError(ConfRadarError):
    """A setting has a value that cannot be used. The message names the setting, the value and what is wanted."""

    exit_code = 2


class UnknownName(ConfRadarError):
    """A step, source, conference or run of that name does not exist. The message names near ones.

    `near` has the slugs of near conferences.
    """

    exit_code = 2

    def __init__(self, message: str, *, near: Sequence[str] = ()) -> None:
        self.near = tuple(near)
        super().__init__(message)


class SelectionError(ConfRadarError):
    """What a reader asks for cannot be read. `wrong` has each parameter's name and what is wrong with it."""

    exit_code = 2

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("; ".join(f"{name}: {what}" for name, what in wrong))


class AddressRefused(ConfRadarError):
    """Nothing can be sent to an address: it is of no kind that we know. The message says which there are."""

    exit_code = 2


class DatabaseUnavailable(ConfRadarError):
    """The database does not answer. Start it, or correct CONFRADAR_DATABASE_URL."""


class DatabaseBusy(DatabaseUnavailable):
    """Another session holds what we wait for. Nothing of the transaction was kept, so it can be tried again."""


class SchemaMismatch(ConfRadarError):
    """The tables are older or newer than this code. `confradar db upgrade` brings older ones up to date."""


class BrokerUnavailable(ConfRadarError):
    """The broker does not answer. Start it (`confradar up`), or correct CONFRADAR_BROKER_URL."""


class SourceUnreachable(ConfRadarError):
    """A source gives no page. The message quotes how it failed."""


class ServerFailed(ConfRadarError):
    """An embedded server did not come up. The message quotes its own last words."""


class AlreadyRunning(ServerFailed):
    """Another process of ours has these files in hands. The message says which command, and where."""


class DamagedOutput(ConfRadarError):
    """A kept output is not what was kept. Crawl its source again: `confradar runs retry KEY`, or `confradar crawl`."""


class BrokenArchive(ConfRadarError):
    """An archived page is gone, damaged, or was never there. The message names file, offset and address."""


class Refused(ConfRadarError):
    """What an operator asks for cannot be done any more, or is done already. The message says what is so."""

    exit_code = 2


class RunRefused(Refused):
    """Another run of the job is going. The message has its key."""


class FieldError(ConfRadarError):
    """One field of one record breaks a rule. The record is rejected whole; its neighbours are kept.

    `source` and `ref` say which record, `field` which part, `found` what stood there, `wanted` the rule.
    """

    def __init__(self, field: str, found: str, wanted: str, *, source: str = "", ref: str = "") -> None:
        self.field, self.found, self.wanted, self.source, self.ref = field, found, wanted, source, ref
        super().__init__(f"{source} {ref}".strip() + f", {field}: found {found}, wanted {wanted}")
