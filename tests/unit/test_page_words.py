"""How pages write days, gates and struck-out words."""

from datetime import date

import pytest
from parsel import Selector

from confradar.deadlines.listing import Kind
from confradar.sources.days import day_range, month_number, single_day
from confradar.sources.gates import written_dates
from confradar.sources.markdown import from_html, unstrike, without_comments


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("11-16 May 2026", date(2026, 5, 11), date(2026, 5, 16)),
        ("on May 11–16, 2026, in Palma", date(2026, 5, 11), date(2026, 5, 16)),
        ("April 29--May 4, 2025", date(2025, 4, 29), date(2025, 5, 4)),
        ("5 Nov 2025 to 9 Nov 2025", date(2025, 11, 5), date(2025, 11, 9)),
        ("Saturday, 3 August 2024 to Sunday, 4 August 2024", date(2024, 8, 3), date(2024, 8, 4)),
        ("December 30 - January 2, 2027", date(2026, 12, 30), date(2027, 1, 2)),
        ("2026-08-15 to 2026-08-21", date(2026, 8, 15), date(2026, 8, 21)),
    ],
)
def test_a_range_of_days_is_read(text: str, first: date, last: date) -> None:
    """Day first or month first, with or without the month and year of the first day."""
    assert day_range(text) == (first, last)


@pytest.mark.parametrize(
    "text", ["11, 12 and 16 May 2026", "31-32 May 2026", "16-11 May 2026", "May 2026", "pages 11-16"]
)
def test_what_is_no_range_of_days_gives_none(text: str) -> None:
    """A list of days, days that do not exist, an end before the start, numbers without a month."""
    assert day_range(text) is None


def test_a_misspelt_month_is_still_a_month_and_an_impossible_day_no_day() -> None:
    """`Feburary` stood on the ARR page twice."""
    assert single_day("Feburary 15, 2025") == date(2025, 2, 15)
    assert single_day("31 November 2026") is None


@pytest.mark.parametrize(
    ("text", "now", "before"),
    [
        ("June ~~15th~~ 19th, 2023", "June 19th, 2023", "June 15th, 2023"),
        ("~~May 18~~ May 25, 2026 UTC-12", "May 25, 2026 UTC-12", "May 18, 2026 UTC-12"),
        ("~~17 October 2025~~ 24 October 2025", "24 October 2025", "17 October 2025"),
        ("24 October 2025 ~~17 October 2025~~", "24 October 2025", "17 October 2025"),
        ("24 October 2025", "24 October 2025", None),
    ],
)
def test_struck_out_words_stood_for_those_after_them(text: str, now: str, before: str | None) -> None:
    """What stands now, and what stood before."""
    assert unstrike(text) == (now, before)


def test_label_and_date_are_read_in_either_order() -> None:
    """One line each; an opening day is no gate; the zone of a line of its own counts for all but other zones."""
    gates = written_dates(
        [
            "17 October 2025: Proposal submission deadline",
            "Submission opens: 1 September 2025",
            "Paper submission deadline: ~~17 October 2025~~ 24 October 2025, 23:59 CET",
            "Notification | 13 February 2026 |",
            "Short paper submission: 1 December 2025",
            "LREC takes place on 11-16 May 2026.",
            "All deadlines are anywhere on Earth.",
        ]
    )
    assert [(gate.kind, gate.track, gate.text, gate.zone_text, gate.extended_from) for gate in gates] == [
        (Kind.OTHER, "Proposal submission deadline", "17 October 2025", "anywhere on Earth", None),
        (Kind.SUBMISSION, "", "24 October 2025, 23:59", "CET", "17 October 2025, 23:59"),
        (Kind.NOTIFICATION, "", "13 February 2026", "anywhere on Earth", None),
        (Kind.SUBMISSION, "Short paper submission", "1 December 2025", "anywhere on Earth", None),
    ]


def test_below_a_call_for_workshops_every_submission_is_a_proposal() -> None:
    """The day that proposals are due is no paper deadline, however the line is worded."""
    [gate] = written_dates(["Submission deadline: 17 October 2025"], context="First Call for Workshops")
    assert (gate.kind, gate.track) == (Kind.OTHER, "First Call for Workshops: Submission deadline")


def test_html_becomes_headings_rows_links_and_struck_words() -> None:
    """Hidden parts are left out, the words of a cell stay in one row, empty cells keep their place."""
    html = """<body><!-- 1999 --><h2>Dates</h2><script>x()</script><nav>Menu</nav>
      <table><tr><td></td><td><p>May</p><p>25</p></td><td><a href="/a">A <b>b</b></a></td></tr></table>
      <p>June <del>15</del> 19</p></body>"""
    lines = from_html(Selector(text=html, type="html"), leave_out=frozenset({"nav"}))
    assert lines == ["## Dates", "| | May 25 | [A b](/a) |", "June ~~15~~ 19"]


def test_an_unclosed_comment_hides_the_rest() -> None:
    """As a browser does."""
    assert without_comments("a<!-- b -->c<!-- d") == "ac"


def test_a_month_is_one_of_twelve() -> None:
    """Whatever other number stands where a cycle's month should, and in whatever digits."""
    assert [month_number(word) for word in ("1", "12", "0", "13", "2026", "²", "9" * 5000, "Mai")] == [
        1, 12, None, None, None, None, None, None,
    ]  # fmt: skip
