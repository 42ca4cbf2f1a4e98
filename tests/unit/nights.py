"""A store in memory that lives through nights, and short ways to say what sources say in them."""

from datetime import UTC, datetime, timedelta

from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Change, Deadline, Known, Merged, SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
MAY = "2026-05-10 12:00:00"


def listing(
    title: str = "ICML", *dates: WrittenDate, source: str = "elra", ref: str = "1", year: int = 2026, **fields
) -> Listing:
    return Listing(
        source=source, ref=ref, url=f"https://{source}.example/{ref}", title=title, year=year, dates=dates, **fields
    )


def due(text: str, zone: str | None = "UTC", kind: Kind = Kind.SUBMISSION, **fields) -> WrittenDate:
    return WrittenDate(kind, text, zone, **fields)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def output(*listings: Listing, whole: bool = False) -> SourceOutput:
    return SourceOutput(listings[0].source, listings, frozenset({""}) if whole else frozenset())


class Nights:
    """A store in memory that lives through several nights."""

    def __init__(self) -> None:
        self.known = Known()
        self.merged = Merged(run_id=0, at=FIRST)
        self.changes: list[Change] = []
        self.night = 0

    def run(self, *listings: Listing, after: timedelta = DAY, whole: bool = False) -> Merged:
        """Store a night with these listings, each source by itself, so long after the night before."""
        now = (self.merged.at + after) if self.night else FIRST
        self.night += 1
        sources = dict.fromkeys(one.source for one in listings)
        outputs = [output(*(one for one in listings if one.source == source), whole=whole) for source in sources]
        return self.store(outputs, now)

    def store(self, outputs: list[SourceOutput], now: datetime) -> Merged:
        self.merged = merge(self.known, outputs, run_id=self.night, now=now)
        self.known = apply(self.known, self.merged)
        self.changes += self.merged.changes
        return self.merged

    @property
    def deadline(self) -> Deadline:
        [deadline] = self.known.deadlines.values()
        return deadline

    @property
    def slugs(self) -> set[str]:
        return {one.slug for one in self.known.conferences.values() if one.merged_into is None}

    @property
    def dates(self) -> list[Change]:
        return [change for change in self.changes if change.field == "date"]
