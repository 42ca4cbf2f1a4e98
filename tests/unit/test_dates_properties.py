"""What holds for every zone, every change of clocks and every text."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confradar.deadlines.dates import Edition, Precision, Window, parse_days, resolve
from confradar.deadlines.listing import Kind
from tests.truth.texts import longest_texts

# "localtime" is the zone of the machine, "Factory" that of none: neither is a name that a page can mean.
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def read(text: str, zone_text: str | None = None) -> Window:
    return resolve(text, zone_text, kind=Kind.OTHER, edition=Edition(2026))


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The instants from 2024 to 2029 from which another offset holds in a zone."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    step, before = timedelta(days=5), FIRST  # no zone changes twice within five days
    while before < LAST:
        after = before + step
        if _offset(before, zone) != _offset(after, zone):
            low, high = before, after
            while high - low > SECOND:
                middle = low + ((high - low) // 2 // SECOND or 1) * SECOND
                low, high = (middle, high) if _offset(middle, zone) == _offset(low, zone) else (low, middle)
            yield high
        before = after


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def test_the_years_have_changes_of_clocks_to_test() -> None:
    """Twelve in Berlin; many in all zones together."""
    assert len(changes("Europe/Berlin")) == 12
    assert sum(len(changes(zone)) for zone in ZONES) > 1500


@pytest.mark.fault("C5", "gap, repeated hour: rule applied, written text kept")
@pytest.mark.parametrize("begin", sorted({zone[0] for zone in ZONES}))
def test_a_local_time_around_each_change_of_clocks_holds_its_instant(begin: str) -> None:
    """Printed as the clock there shows it, an instant is within its window; more than itself only if it comes twice."""
    for zone in (zone for zone in ZONES if zone[0] == begin):
        for change in (datetime(2026, 1, 15, 12, tzinfo=UTC), *changes(zone)):
            for distance in (-3 * HOUR, -HOUR, -SECOND, timedelta(), HOUR / 2, HOUR, 3 * HOUR):
                instant = change + distance
                wall = instant.astimezone(ZoneInfo(zone))
                window = read(f"{wall:%Y-%m-%d %H:%M:%S}", zone)
                assert window.precision is Precision.SECOND
                assert window.earliest is not None
                assert window.latest is not None
                assert window.earliest <= instant <= window.latest, (zone, instant)
                twice = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
                assert (window.earliest < window.latest) == twice == bool(window.reason)


@pytest.mark.parametrize("begin", sorted({zone[0] for zone in ZONES}))
def test_words_around_each_change_of_clocks_keep_their_order(begin: str) -> None:
    """Every quarter of the day of a change, existing or not, gives earliest ≤ latest; the whole day one end."""
    for zone in (zone for zone in ZONES if zone[0] == begin):
        for day in {change.astimezone(ZoneInfo(zone)).date() for change in changes(zone)}:
            for clock in ("00:00", "00:30", "02:15", "02:30", "03:00", "23:30", "24:00", "midnight", ""):
                window = read(f"{day} {clock}", zone)
                assert window.earliest is not None
                assert window.latest is not None
                assert window.earliest <= window.latest <= window.earliest + 26 * HOUR
                if not clock:
                    assert window.earliest == window.latest


def stable(window: Window) -> None:
    """Each edge, written down as ISO text, is read as itself."""
    for edge in (window.earliest, window.latest):
        assert edge is not None
        for shown in (edge.isoformat(), f"{edge:%Y-%m-%dT%H:%M:%SZ}"):
            again = read(shown)
            assert (again.earliest, again.latest, again.reason) == (edge, edge, "")


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
DATES = st.builds(
    lambda day, form: f"{day:{form}}", DAYS, st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%b %d, %Y", "%A, %d.%m.%Y"])
)
CLOCKS = st.one_of(st.sampled_from(["", "noon", "midnight", "24:00", "5pm"]), st.times().map(lambda t: f"{t:%H:%M:%S}"))
SPOKEN_ZONES = st.sampled_from([*ZONES, "", "AoE", "UTC-12", "UTC+5:45", "IST", "PT", "PCT", "UTC-14"])


@given(day=DATES, clock=CLOCKS, zone=SPOKEN_ZONES)
@settings(deadline=None)
def test_a_window_is_stable_when_it_is_shown_and_read_again(day: str, clock: str, zone: str) -> None:
    """text → window → ISO text → window."""
    window = read(f"{day} {clock}", zone)

    assert window.earliest is not None
    assert window.latest is not None
    assert window.earliest <= window.latest
    stable(window)


@given(instant=st.builds(datetime.combine, DAYS, st.times(), st.just(UTC)))
def test_iso_text_is_read_as_written(instant: datetime) -> None:
    """With or without a fraction of a second, which is dropped."""
    assert read(instant.isoformat()).earliest == read(instant.isoformat()).latest == instant.replace(microsecond=0)


PIECES = """
1 12 31 99 2026 9999 0000 May Feb - – , . / : ( ) ~~ <s> </s> to and T Z am pm 24:00 23:59 12:30:61 midnight UTC UTC-12
GMT+99 AoE IST Etc/GMT-14 Europe/Berlin ../../etc/passwd America 3/4/2026 2026-02-30 TBA * st Monday
"""
PHRASES = st.lists(st.sampled_from(PIECES.split()), max_size=80)
TEXTS = st.text(max_size=700) | PHRASES.map("".join) | PHRASES.map(" ".join)


@given(
    text=TEXTS,
    zone_text=st.none() | TEXTS,
    kind=st.sampled_from(Kind),
    edition=st.builds(Edition, st.integers(-1, 10_000), st.none() | st.dates(), st.none() | st.dates()),
    day_first=st.sampled_from([None, True, False]),
)
@example("9999-12-31 24:00", "UTC-12", Kind.SUBMISSION, Edition(9999), None)
@example("0001-01-01 00:00", "UTC+14", Kind.SUBMISSION, Edition(1), None)
@example("29 February", "America", Kind.SUBMISSION, Edition(2028, date(2028, 2, 29), date(2028, 2, 29)), None)
@settings(max_examples=500, deadline=None)
def test_no_text_raises(text: str, zone_text: str | None, kind: Kind, edition: Edition, day_first: bool | None) -> None:
    """Whatever a page says, there is a window in order, or none with its reason."""
    window = resolve(text, zone_text, kind=kind, edition=edition, day_first=day_first)

    parse_days(text, edition.year)
    if window.precision is Precision.NONE:
        assert (window.earliest, window.latest) == (None, None)
        assert window.reason
    else:
        assert window.earliest is not None
        assert window.latest is not None
        assert window.earliest <= window.latest
        assert window.earliest.tzinfo is UTC
        assert window.reason or window.earliest == window.latest


@pytest.mark.fault("C5", "AoE, UTC+14, year ends: exact")
@pytest.mark.parametrize(
    ("text", "zone", "edges"),
    [
        ("31 December 2026", "AoE", ("2027-01-01T11:59:59", "2027-01-01T11:59:59")),
        ("1 January 2027 00:00", "UTC+14", ("2026-12-31T10:00:00", "2026-12-31T10:00:00")),
        ("31 December 2026 24:00", "UTC-12", ("2027-01-01T12:00:00", "2027-01-01T12:00:00")),
        ("1 January 2027", None, ("2027-01-01T09:59:59", "2027-01-02T11:59:59")),
        ("29 February 2028", "Pacific/Kiritimati", ("2028-02-29T09:59:59", "2028-02-29T09:59:59")),
        ("29 February 2028 23:59:59", "AoE", ("2028-03-01T11:59:59", "2028-03-01T11:59:59")),
        ("28 February 2027 24:00", "UTC", ("2027-03-01T00:00:00", "2027-03-01T00:00:00")),
    ],
)
def test_the_ends_of_the_world_and_of_the_year(text: str, zone: str | None, edges: tuple[str, str]) -> None:
    """UTC-12 and UTC+14 at year ends and on leap days; shown and read again they stay."""
    window = read(text, zone)
    assert window.earliest is not None
    assert window.latest is not None
    assert (f"{window.earliest:%Y-%m-%dT%H:%M:%S}", f"{window.latest:%Y-%m-%dT%H:%M:%S}") == edges
    stable(window)


@pytest.mark.timeout(120)
def test_ten_thousand_characters_are_read_or_refused() -> None:
    """Pieces of dates repeated and mixed, at every length up to 10 000; `make bench` says how long the worst takes."""
    for text in longest_texts(400):
        window = resolve(text, text, kind=Kind.SUBMISSION, edition=Edition(2026))
        assert window.reason or window.earliest == window.latest
        assert len(text) <= 500 or window.precision is Precision.NONE


@given(st.integers(501, 5_000))
@settings(max_examples=5)
def test_what_stands_behind_five_hundred_characters_is_not_read(length: int) -> None:
    """A page cannot make reading slow by its length."""
    assert read("x" * length + " 1 May 2026").precision is Precision.NONE
