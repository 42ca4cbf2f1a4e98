"""What is logged: one record is one line, tagged with run, step and task, without secrets. Knows no database."""

from __future__ import annotations

import json
import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

Sink = Callable[[str], None]

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
INSTANT_LENGTH = len("2026-11-24T02:00:01.123Z")
LINE_MAX = 64 * 1024  # bytes
TEXT_MAX = 15 * 1024  # characters of its text, of four bytes at most
SECRET_MIN = 6  # characters; a shorter secret could not be told from a word
BUFFER_BYTES = 1024 * 1024

_LINE = re.compile(r"([0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z) (DEBUG|INFO|WARNING|ERROR|CRITICAL) (\S+) (.*)")
_ESCAPE = re.compile(r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})")
_SHORT = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_SECRETS = (
    (re.compile(r"(//[^\s/@:]*):[^\s/]*@"), r"\1:***@"),  # an address with a password
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookies?)(b?['\"]?\s*[:=]\s*)[^\n]+"), r"\1\2***"),
    (
        re.compile(
            r"(?i)((?:token|password|passwd|secret|(?:(?<![a-z0-9_])|api|access|secret|private)[_-]?key)"
            r"(?:=|b?['\"]\s*[:=]\s*)b?['\"]?)[^\s&'\",;)}\]]+"
        ),
        r"\1***",
    ),
)
_concealed: list[str] = []


@dataclass(frozen=True, slots=True)
class Tags:
    """What the records of a context belong to, and where their lines go."""

    facts: dict[str, str] = field(default_factory=dict)
    sinks: tuple[Sink, ...] = ()


_TAGS: ContextVar[Tags] = ContextVar("confradar_log_tags", default=Tags())  # noqa: B039 - frozen, and never written to


@dataclass(frozen=True, slots=True)
class Line:
    """One record: its instant (UTC), one of the five LEVELS, the logger's name, and the text without secrets."""

    at: datetime
    level: int
    logger: str
    text: str

    @classmethod
    def of(cls, record: logging.LogRecord) -> Line:
        """The line of a record, traceback included; of a text that is too long, the first and the last half."""
        parts = [record.getMessage()]
        if record.exc_info:
            parts.append(record.exc_text or logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        level = max((known for known in LEVELS.values() if known <= record.levelno), default=logging.DEBUG)
        return cls._made(datetime.fromtimestamp(record.created, UTC), level, record.name, "\n".join(parts))

    @classmethod
    def read(cls, written: str) -> Line:
        """A written line, read back. Raises ValueError if it is none."""
        found = _LINE.fullmatch(written)
        if found is None:
            raise ValueError(f"no line of a log: {written[:80]!r}")
        return cls(datetime.fromisoformat(found[1]), LEVELS[found[2]], found[3], unescape(found[4]))

    @classmethod
    def adopted(cls, written: str, at: datetime) -> Line:
        """A line of a log file: as it was logged, or a warning of what something else wrote there, at that instant."""
        try:
            return cls.read(written)
        except ValueError:
            return cls._made(at, logging.WARNING, "stderr", written)

    @classmethod
    def _made(cls, at: datetime, level: int, logger: str, text: str) -> Line:
        return cls(at, level, re.sub(r"\s", "_", escape(logger)) or "root", _bounded(masked(text)))

    def __str__(self) -> str:
        """As it is kept: `2026-11-24T02:00:01.123Z WARNING scrapy.core.engine text`, of printable characters only."""
        return f"{written(self.at)} {logging.getLevelName(self.level)} {self.logger} {_bounded(escape(self.text))}"

    @property
    def shown(self) -> str:
        """The text for a reader: line ends are such, all else that cannot be printed stays written as an escape."""
        if self.text.isprintable():
            return self.text
        lines = (escape(line).replace("\\\\", "\\") for line in self.text.replace("\t", "    ").split("\n"))
        return "\n".join(lines)


def written(at: datetime) -> str:
    """An instant (UTC) as each line begins with it, with milliseconds, so that lines sort by it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def escape(text: str) -> str:
    """Text in printable characters of one line: the others as in Python's repr, the backslash doubled."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(
        one if one.isprintable() and one != "\\" else one.encode("unicode_escape").decode("ascii") for one in text
    )


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _SHORT.get(found[1]) or chr(int(found[1][1:], 16)), text)


def conceal(secrets: Iterable[str]) -> None:
    """Let these values appear in no line of this process, nor of one that it forks. Short ones are not concealed."""
    found = {secret for secret in secrets if len(secret) >= SECRET_MIN}
    forms = {form for secret in found for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
    _concealed[:] = sorted({*_concealed, *forms}, key=len, reverse=True)


def masked(text: str) -> str:
    """Text without the concealed values, passwords in addresses, headers that log in, and parameters named so."""
    for secret in _concealed:
        text = text.replace(secret, "***")
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


def _bounded(text: str) -> str:
    if len(text) <= TEXT_MAX:
        return text
    half = TEXT_MAX // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


@contextmanager
def tagged(sink: Sink | None = None, **facts: str | None) -> Iterator[None]:
    """Tag the records of this block, and of no other thread: `tagged(run=…, step=…, task=…)`. Blocks within add theirs.

    `sink` is given their lines. What it raises is dropped: a log must not break what it tells of.
    """
    outer = _TAGS.get()
    known = {name: fact for name, fact in facts.items() if fact}
    token = _TAGS.set(Tags({**outer.facts, **known}, (*outer.sinks, sink) if sink else outer.sinks))
    handler = ToSink(sink) if sink else logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        _TAGS.reset(token)


def hand_on(line: str) -> None:
    """Give the sinks of this context the line of another process. Never raises."""
    for sink in _TAGS.get().sinks:
        with suppress(Exception):
            sink(line)


class ToSink(logging.Handler):
    """Hands the lines of the records of its own context to a sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises."""
        if self._sink not in _TAGS.get().sinks:
            return
        with suppress(Exception):  # a record that cannot be written, a sink that fails: the work goes on
            self._sink(str(Line.of(record)))


class Buffer:
    """A sink that keeps lines until they are taken; of more than `most` bytes the first and the last half."""

    def __init__(self, most: int = BUFFER_BYTES) -> None:
        self._half = most // 2
        self._clear()

    def _clear(self) -> None:
        self._first: list[str] = []
        self._last: deque[str] = deque()
        self._first_bytes = self._last_bytes = self._missed = 0

    def __call__(self, line: str) -> None:
        """Keep a line."""
        size = len(line.encode())
        if not self._last and self._first_bytes + size <= self._half:
            self._first.append(line)
            self._first_bytes += size
            return
        self._last.append(line)
        self._last_bytes += size
        while self._last_bytes > self._half and len(self._last) > 1:
            self._last_bytes -= len(self._last.popleft().encode())
            self._missed += 1

    def take(self) -> list[str]:
        """The lines by their instants, with a word on those that are missing; the buffer is empty then."""
        lines = [*self._first, *self._last]
        if self._missed:
            told = f"… {self._missed} lines left out: they came quicker than they could be kept …"
            at = Line.read(self._last[0]).at
            lines.insert(len(self._first), str(Line(at, logging.WARNING, __name__, told)))
        self._clear()
        return sorted(lines, key=lambda line: line[:INSTANT_LENGTH])


class Tail:
    """Follows the log file of another process, and hands its lines on."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def advance(self, most: int = BUFFER_BYTES // 2) -> None:
        """Hand on what is new, up to that many bytes. A last line waits for its end."""
        while most > 0 and (raw := self._file.readline(LINE_MAX)):
            if not raw.endswith(b"\n") and len(raw) < LINE_MAX:
                self._file.seek(-len(raw), os.SEEK_CUR)
                return
            self._hand_on(raw)
            most -= len(raw)

    def finish(self) -> None:
        """Hand on all that is left, and let go of the file."""
        with self._file:
            while raw := self._file.readline(LINE_MAX):
                self._hand_on(raw)

    def _hand_on(self, raw: bytes) -> None:
        at = datetime.fromtimestamp(os.fstat(self._file.fileno()).st_mtime, UTC)
        hand_on(str(Line.adopted(raw.decode(errors="replace").rstrip("\n"), at)))


class PlainLines(logging.Formatter):
    """A record as its line, its tags at the end."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return " ".join([str(Line.of(record)), *(f"{name}={fact}" for name, fact in _TAGS.get().facts.items())])


class JsonLines(logging.Formatter):
    """A record as a JSON object in one line of ASCII, its tags as fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = Line.of(record)
        told = {"at": written(line.at), "level": logging.getLevelName(line.level), "logger": line.logger}
        return json.dumps({**told, "text": line.text, **_TAGS.get().facts})


def configure(form: str = "", logger: logging.Logger | None = None, *, level: int = logging.INFO) -> None:
    """Let the handlers of a logger (of all, to stderr, if none is given) write lines: `plain` or `json`.

    Without a form they are plain on a terminal and JSON elsewhere. `level` is that of a handler that is made here.
    """
    logger = logger or logging.getLogger()
    if not logger.handlers:
        logger.setLevel(level)
        logger.addHandler(logging.StreamHandler())
        logger.handlers[0].setLevel(level)  # a library may give its own loggers another one
    for handler in logger.handlers:
        stream = getattr(handler, "stream", None)
        terminal = stream is not None and stream.isatty()
        handler.setFormatter(PlainLines() if (form or ("plain" if terminal else "json")) == "plain" else JsonLines())
