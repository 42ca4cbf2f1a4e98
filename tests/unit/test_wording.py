"""Labels as the lists write them mean a round, a track, a type."""

import pytest

from confradar.deadlines.listing import EntryType, Kind
from confradar.sources.wording import entry_type, gate_meant, round_and_track, without_extension


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("Paper Submission (Round 2) - Extended", (2, "")),
        ("Round 1 Rebuttal and Revision Submission", (1, "")),
        ("Abstract submission (First Cycle)", (1, "")),
        ("Camera Ready Both Rounds", (0, "")),
        ("Regular paper submission (including supplementary materials, if applicable)", (0, "")),
        ("Full papers (traditional category)", (0, "")),
        ("From WACV 2027: Round 1", (1, "")),
        ("From GECCO 2026: Poster-only papers", (0, "Poster-only")),
        ("Abstract submission (short papers)", (0, "short")),
        ("Tutorial Proposal Submission", (0, "Tutorial")),
        ("Phase 1 rejection notifications", (0, "Phase 1")),
        ("Mandatory abstract deadline on Sep. 21, 2023.", (0, "")),
        ("Long, short and position papers due", (0, "")),
        ("EMNLP commitment deadline", (0, "")),
        ("", (0, "")),
        (None, (0, "")),
    ],
)
def test_a_label_means_a_round_and_a_track(label: str | None, meaning: tuple[int, str]) -> None:
    """The main track has no name, whatever words stand around it."""
    assert round_and_track(label, "EMNLP 2026") == meaning


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Call for Tutorials Submission", Kind.OTHER),
        ("Workshop/Tutorial Proposal Submission", Kind.OTHER),
        ("Technical Workshops deadline", Kind.OTHER),
        ("Student Volunteers Applications deadline", Kind.OTHER),
        ("Submission form and conflicts deadline", Kind.OTHER),
        ("Paper video submission deadline", Kind.OTHER),
        ("Round 2 Supplementary Material Submission", Kind.SUPPLEMENTARY),
        ("Revision Deadline", Kind.REVISION),
        ("third round (only for resubmissions after major revisions)", Kind.SUBMISSION),
        ("Regular paper submission (including supplementary materials, if applicable)", Kind.SUBMISSION),
        ("Abstract and submission form deadline", Kind.SUBMISSION),
        ("Workshop Paper Submission Deadline", Kind.SUBMISSION),
        ("Art Papers deadline", Kind.SUBMISSION),
        ("BlackboxNLP workshop submission deadline", Kind.SUBMISSION),
        (None, Kind.SUBMISSION),
    ],
)
def test_a_label_tells_whether_a_submission_is_one_of_papers(label: str | None, kind: Kind) -> None:
    """Real labels of dates that the list files as submissions; the words of a workshop's own name say nothing."""
    own = "BlackboxNLP workshop" if label and "Blackbox" in label else "SIGGRAPH 2026"
    assert gate_meant(Kind.SUBMISSION, label, own) is kind


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("[Deadline Extended] APWeb-WAIM 2018", "APWeb-WAIM 2018"),
        (
            "The 22nd Conference on Technologies and Applications of Artificial Intelligence [Deadline Extended]",
            "The 22nd Conference on Technologies and Applications of Artificial Intelligence",
        ),
        (
            "Extended: The Six IEEE International Workshop on Data Integration and Mining",
            "The Six IEEE International Workshop on Data Integration and Mining",
        ),
        (
            "Extended Deadline KES 2017 Session on Pattern Recognition: Trends, Applications and Challenges",
            "KES 2017 Session on Pattern Recognition: Trends, Applications and Challenges",
        ),
        ("GeoRich@SIGMOD/PODS 2017: Submission Deadline Extended to March 5", "GeoRich@SIGMOD/PODS 2017"),
        (
            "First International Workshop on Open Data (DEADLINE EXTENDED to MARCH 8th)",
            "First International Workshop on Open Data",
        ),
        ("Extended Semantic Web Conference", "Extended Semantic Web Conference"),
        ("Extended Reality for Education", "Extended Reality for Education"),
    ],
)
def test_a_name_is_told_from_the_shout_that_its_deadline_was_extended(name: str, without: str) -> None:
    """Rows of WikiCFP as a crawler kept them in 2018 (ader003/CS235-WikiCFPCrawler, production/wikicfp_crawl.txt)."""
    assert without_extension(name) == without


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("EMNLP (Industry Track)", EntryType.TRACK),
        ("3rd SOCAISA WORKSHOP", EntryType.WORKSHOP),
        ("International Conference and Workshops on Data", EntryType.CONFERENCE),
        ("The International Journal of Machine Learning", EntryType.JOURNAL),
        ("Journalism and Language Technology Conference", EntryType.CONFERENCE),
        ("Vision and Sports Summer School 2018", EntryType.SCHOOL),
        ("Shared task on Detecting Malicious Domain names (DMD 2018)", EntryType.SHARED_TASK),
        ("", EntryType.CONFERENCE),
    ],
)
def test_a_name_tells_the_type_of_an_entry(name: str, type_: EntryType) -> None:
    """A whole word decides; part of a word does not."""
    assert entry_type(name) is type_
