"""What is logged: one record is one line without secrets, and its context says to what it belongs."""

import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from confradar import logs, settings
from confradar.environment import secrets
from confradar.logs import Buffer, Line, Tail

NOW = datetime(2026, 11, 24, 2, 0, 1, 123000, UTC)
ANY = st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates as well
log = logging.getLogger("tests.logs")


@pytest.fixture(autouse=True)
def everything() -> Iterator[None]:
    """Records of every level, whatever the tests before have left."""
    log.setLevel(logging.DEBUG)
    yield
    log.setLevel(logging.NOTSET)


@given(ANY)
@example("a\nb\r\t\x00\x1b[31m\u202e\u2028\ud800\\n")
def test_a_text_comes_back_from_its_escapes(text: str) -> None:
    """An escaped text is one printable line, and gives the text again."""
    written = logs.escape(text)

    assert written.isprintable()
    assert logs.unescape(written) == text


@given(ANY, st.text().filter(str.strip), st.sampled_from(sorted(logs.LEVELS.values())))
@example("", "scrapy.core.engine", 30)
def test_a_record_comes_back_from_its_line(text: str, name: str, level: int) -> None:
    """Instant, level, logger and text stand in the one line, and what is written again is the same."""
    line = Line.of(logging.LogRecord(name, level, "", 0, "%s", (text,), None))
    found = Line.read(str(line))

    assert str(line).isprintable()
    assert (found.level, found.text) == (level, line.text)
    assert line.at - found.at < timedelta(milliseconds=1)
    assert str(found) == str(line)


def test_the_format_of_a_line() -> None:
    """It begins with the instant, so that lines sort by it."""
    line = Line(NOW, logging.WARNING, "scrapy.core.engine", "two\nlines\x1b \\ é")

    assert str(line) == r"2026-11-24T02:00:01.123Z WARNING scrapy.core.engine two\nlines\x1b \\ é"
    assert line.shown == "two\nlines\\x1b \\ é"


@pytest.mark.parametrize(
    "written",
    ["", "a word", "2026-11-24T02:00:01.123Z NOTICE a text", "2026-13-24T02:00:01.123Z INFO a text",
     "2026-11-24T02:00:01Z INFO a text", "2026-11-24T02:00:01.123Z INFO"],
)  # fmt: skip
def test_what_is_no_line_is_said_to_be_none(written: str) -> None:
    """Anything else that stands in a log file is a warning of its own, with its words."""
    with pytest.raises(ValueError, match=r"no line of a log|month must be"):
        Line.read(written)
    assert Line.adopted(written, NOW) == Line(NOW, logging.WARNING, "stderr", written)


@pytest.mark.fault("F12", "an exception is told by an id alone; a log line is one line")
def test_a_traceback_is_one_line() -> None:
    """The exception stands in the line of its record."""
    lines: list[str] = []
    with logs.tagged(lines.append):
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            log.exception("it broke step=%s", "elra")

    [line] = lines
    read = Line.read(line)
    assert read.text.startswith("it broke step=elra\nTraceback (most recent call last):\n")
    assert read.text.endswith("ValueError: first\nsecond")


def test_a_text_without_end_is_cut_in_its_middle() -> None:
    """Beginning and end stay, how much is missing is said; so does a line that grew by its escapes."""
    for text in ("a" * 1_000_000 + "b", "\x00" * 10_000):
        line = str(Line.of(logging.LogRecord("a", 20, "", 0, text, None, None)))
        assert len(line.encode()) < 64 * 1024
        assert "characters left out" in line
        assert line[-1] == str(Line(NOW, 20, "a", text[-1]))[-1]


SECRET = "s3cret-of:ours"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://confradar:{SECRET}@host/name",
        f"connecting to redis://:{SECRET}@redis:6379/0 failed",
        f"Authorization: Bearer {SECRET}",
        f"{{b'Authorization': [b'Basic {SECRET}'], b'Host': [b'x']}}",
        f"{{'Cookie': 'a=b; session={SECRET}'}}",
        f"Set-Cookie: session={SECRET}; Path=/",
        f"GET https://api.example/v1?token={SECRET}&page=1",
        f"https://api.example/v1?api_key={SECRET}",
        f"could not log in: user=me password={SECRET}",
        f'{{"password": "{SECRET}"}}',
        f"OPENAI_API_KEY={SECRET}",
        f"PGPASSWORD='{SECRET}'",
    ],
)
def test_a_secret_is_masked(text: str) -> None:
    """Passwords in addresses, headers that log in, parameters that are named so."""
    assert "of:ours" not in logs.masked(text)
    assert "***" in logs.masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "crawl finished source=elra pages=12 listings=38 rejected=1 seconds=14.2",
        "page read url=http://127.0.0.1:8000/cfp?eventid=1&key_dates=2 status=200",
        "https://example.org:443/people/@name and 10:30@noon",
        "KeyError: 'token'",
        "monkey=1 keys: 3 tokens: 4",
        "WHERE conference.title_key = %(title_key)s",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Facts can be read."""
    assert logs.masked(text) == text


def test_a_secret_of_the_environment_is_masked_wherever_it_stands() -> None:
    """By its value: as it is, in percent signs, as Python quotes it. A word that is no secret stays."""
    chosen = settings.load(
        CONFRADAR_DATABASE_URL="postgresql://confradar:confradar@host/confradar",
        broker_url="redis://:gr%C3%BCn-und-blau@host:6379/0",
    )
    environment = {"SOME_TOKEN": "tok/en 'one'", "CONFRADAR_SECRET": "short", "HOME": "/home/somebody"}
    logs.conceal(secrets(chosen, environment))

    told = "confradar.crawl_all tok/en 'one' tok%2Fen%20%27one%27 gr%C3%BCn-und-blau grün-und-blau /home/somebody"
    assert logs.masked(told) == "confradar.crawl_all *** *** *** *** /home/somebody"


def test_records_of_a_context_go_to_its_sink() -> None:
    """Those of other threads and of the time after do not."""
    first: list[str] = []
    second: list[str] = []

    def other() -> None:
        with logs.tagged(second.append, run="two"):
            log.warning("two")

    with logs.tagged(first.append, run="one"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        log.warning("one")
    log.warning("nobody's")

    assert [line.rpartition(" ")[2] for line in first] == ["one"]
    assert [line.rpartition(" ")[2] for line in second] == ["two"]


def test_a_sink_that_fails_breaks_nothing() -> None:
    """Neither it, nor a record that cannot be written, is heard of in the program."""

    def sink(line: str) -> None:
        seen.append(line)
        raise OSError("full")

    seen: list[str] = []
    with logs.tagged(sink):
        log.warning("told")
        logging.getLogger().handlers[-1].handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
        log.warning("again")

    assert len(seen) == 2


def test_a_buffer_has_an_end() -> None:
    """Of what comes too quickly the first and the last half are kept; what is taken is ordered by its instants."""
    buffer = Buffer(most=1000)
    lines = [str(Line(NOW + timedelta(seconds=second), 20, "a", "b" * 70)) for second in range(20)]
    for line in [lines[1], lines[0], *lines[2:]]:
        buffer(line)
    found = buffer.take()

    assert found[:4] == lines[:4]
    assert "… 12 lines left out" in found[4]
    assert found[5:] == lines[-4:]
    assert buffer.take() == []
    buffer(lines[0])
    assert buffer.take() == lines[:1]


def test_a_file_is_followed_as_it_grows(tmp_path: Path) -> None:
    """A line is taken once it has its end, or at the last look; what nobody logged is taken as a warning."""
    path, lines = tmp_path / "a.log", list[str]()
    ours = str(Line(NOW, 20, "scrapy", "one"))
    path.write_text(f"{ours}\nSegmentation \x1b")
    tail = Tail(path)
    with logs.tagged(lines.append):
        tail.advance()
        assert lines == [ours]
        with path.open("ab") as file:
            file.write(b"fault\nthe \xff end")
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
        tail.advance()
        assert len(lines) == 2
        tail.finish()

    assert [Line.read(line) for line in lines[1:]] == [
        Line(NOW, 30, "stderr", "Segmentation \x1bfault"),
        Line(NOW, 30, "stderr", "the \ufffd end"),
    ]


def test_a_file_is_taken_in_parts(tmp_path: Path) -> None:
    """No look takes more than it was told to, nor waits for the end of a line that has none."""
    (tmp_path / "a.log").write_bytes(b"x" * 1_000_000)
    lines: list[str] = []
    tail = Tail(tmp_path / "a.log")
    with logs.tagged(lines.append):
        tail.advance(most=100)
        assert len(lines) == 1
        tail.finish()

    assert len(lines) == 16
    assert max(map(len, lines)) < 64 * 1024


def test_nobody_needs_to_listen(tmp_path: Path) -> None:
    """Without a sink a log file is only read to its end."""
    (tmp_path / "a.log").write_text("a line\n")
    Tail(tmp_path / "a.log").finish()


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_form_of_standard_error(form: str) -> None:
    """Plain lines end with their tags, JSON lines have them as fields. Without a form, a pipe gets JSON."""
    stream = io.StringIO()
    logger = logging.Logger("tests.form")
    logger.addHandler(logging.StreamHandler(stream))
    logs.configure(form if form == "plain" else "", logger)
    with logs.tagged(run="nightly:2026-11-24", step="elra_conferences", task=None):
        logger.error("two\nlines %s", "password=hidden\x1b")
    [told] = stream.getvalue().splitlines()

    assert told.isprintable()
    if form == "plain":
        tags = "run=nightly:2026-11-24 step=elra_conferences"
        assert told[24:] == rf" ERROR tests.form two\nlines password=*** {tags}"
    else:
        record = json.loads(told)
        assert record.pop("at").endswith("Z")
        assert record == {
            "level": "ERROR",
            "logger": "tests.form",
            "text": "two\nlines password=***",
            "run": "nightly:2026-11-24",
            "step": "elra_conferences",
        }
