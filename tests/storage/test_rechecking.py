"""Which pages are read again, on both databases."""

from datetime import UTC, datetime, timedelta

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.selection import Selection
from confradar.steps.crawling import Part

NOW = datetime(2026, 1, 13, 2, tzinfo=UTC)
EVENT = "http://www.wikicfp.com/cfp/servlet/event.showcfp?eventid="


def listing(number: int, title: str, due: datetime) -> Listing:
    """One on WikiCFP, due at that instant."""
    written = WrittenDate(Kind.SUBMISSION, f"{due:%Y-%m-%d %H:%M:%S}", "UTC")
    return Listing(
        source="wikicfp", ref=str(number), url=f"{EVENT}{number}", title=title, year=2026, dates=(written,)
    )  # fmt: skip


def test_pages_are_read_again_while_a_gate_is_near_or_followed(url: str) -> None:
    """From 72 hours before it, or 14 days if somebody follows it, to 24 hours after; the first one due in front."""
    settings = configuration.load(CONFRADAR_DATABASE_URL=url)
    hours = {1: 71, 2: 73, 3: -23, 4: -25, 5: 10 * 24, 6: 15 * 24}
    names = ["ALPHA", "BETA", "GAMMA", "DELTA", "OMEGA", "SIGMA"]
    given = [
        listing(number, f"{names[number - 1]} 2026", NOW + timedelta(hours=ahead)) for number, ahead in hours.items()
    ]
    steps.store({"wikicfp": given}, settings, now=NOW)

    def pages() -> list[str]:
        part: Part = steps.to_recheck(settings, now=NOW)["wikicfp_conferences"]["wikicfp"]
        return [page.removeprefix(EVENT) for page in part.pages]

    assert pages() == ["3", "1"]
    steps.follow(Selection(), "json://hooks.example.org", settings, by="ada")
    assert pages() == ["3", "1", "2", "5"]
