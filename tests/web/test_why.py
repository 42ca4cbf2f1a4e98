"""The page that says why a date is believed."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

from confradar import archive
from confradar.deadlines.conference import Merged
from confradar.storage import audit, database

from .conftest import Client
from .history import seed
from .store import DAY, EXACT, LATER, NIGHT, NOW, change, fill, mention

Serve = Callable[..., Client]
PAGE = "/conferences/icml-2026/why"
PAGE_SAYS = "<script>alert(1)</script> 5 March 2026, 23:59 AoE"


def archived(ask: Client) -> str:
    """The reference of a page that is archived there."""
    file = archive.file_name("wikicfp", NIGHT, "nightly:2026-02-03", 1)
    writer = archive.Writer(ask.settings.archive_dir, file, {}, most=1 << 20)
    request, headers = ("https://wikicfp.example/1", ""), [(b"Content-Type", b"text/html")]
    page = writer.write(request, 200, headers, PAGE_SAYS.encode(), at=NIGHT, last=None)
    assert page
    return page.reference


def served(serve: Serve) -> tuple[Client, str]:
    """Three nights, the page behind a mention (its reference comes back), and what an operator did; a run is gone."""
    ask = serve(now=lambda: NOW + DAY)
    reference = archived(ask)
    seed(ask.settings.database, nights=1, lines=1)
    fill(ask.settings.database)
    fill(ask.settings.database, LATER)
    moved = change(7, EXACT, at=NIGHT + DAY, field="place", before="Vienna", after="Seoul", direction=None)
    seen = replace(mention(1, 1), archived=reference)
    more = [replace(moved, run_id=2, deadline_id=None)]
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT + DAY, changed_mentions=[seen], changes=more))
    with database.transaction(ask.settings.database) as connection:
        why = "they <b>say</b> so"
        audit.record(connection, by="ada", action="claim set", subject="icml-2026 submission", why=why, at=NIGHT)
    return ask, reference


def words(ask: Client, path: str) -> str:
    """What a page says, without its markup."""
    answer = ask.get(path)
    assert answer.status == 200, answer.text
    return " ".join(unescape(re.sub("<[^>]*>", " ", answer.text.partition("<main")[2])).split())


def test_three_clicks_lead_from_a_date_to_the_page_that_says_it(serve: Serve) -> None:
    """The conference, why, and the source's page; each link stands on the page before."""
    ask, _ = served(serve)
    path, clicks = "/", (r"/conferences/icml-2026", rf"{PAGE}#icml-2026/[^\"]*", r"https://wikicfp\.example/1")

    for wanted in clicks:
        [link, *_] = re.findall(f'href="({wanted})"', ask.get(path).text)
        path, _, part = link.partition("#")
        assert not part or f'id="{part}"' in ask.get(path).text


def test_a_claim_comes_with_its_words_its_copy_and_its_hash(serve: Serve) -> None:
    """And with when it was seen and the rule; a source whose page was not kept says that."""
    ask, reference = served(serve)
    told = words(ask, PAGE)
    place, digest = reference.split(" ")
    file, offset = place.split("#")

    assert "Words 5 March 2026, 23:59 zone AoE" in told
    assert f"Archived copy as text , read Tue 3 Feb 2026 02:00 UTC, {file}, offset {offset} Hash {digest}" in told
    assert "First seen Tue 3 Feb 2026 02:00 UTC Last confirmed" in told
    assert "Linked by the first mention of this conference" in told
    assert "Words 2026-03-06 11:59 zone UTC" in told
    assert told.count("none was kept") == 1


def test_the_archived_copy_is_an_address_that_gives_its_words_and_runs_nothing(serve: Serve) -> None:
    """Four clicks from a date: the page as text whatever it calls itself, of this conference alone."""
    ask, reference = served(serve)
    digest = reference.split(" ")[1]
    [link, *_] = re.findall('href="(/conferences/icml-2026/copies/[^"]+)"', ask.get(PAGE).text)
    answer = ask.get(link)

    assert (answer.status, answer.text, link.rpartition("/")[2]) == (200, PAGE_SAYS, digest)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    own = "/conferences/icml-2026/copies"
    other = (
        f"/conferences/rounds-2026/copies/{digest}",
        f"{own}/sha256:0",
        f"{link}0",
        f"{own}/..%2F..%2Fetc%2Fpasswd",
    )
    for none in other:
        assert ask.get(none).status == 404


def test_each_change_and_decision_names_its_maker(serve: Serve) -> None:
    """A run that is gone is said to be; what a person wrote stays text."""
    ask, _ = served(serve)
    told = words(ask, PAGE)

    assert "Tue 3 Feb 2026 02:00 UTC · new · “then” · wikicfp · nightly:2026-02-03" in told
    moved = "24 hours EARLIER · Fri 6 Mar 2026 11:59 UTC → Thu 5 Mar 2026 11:59 UTC"
    assert f"Wed 4 Feb 2026 02:00 UTC · {moved} · wikicfp · nightly:2026-02-03" in told
    assert "02:00 UTC · changed · place · Vienna → Seoul · wikicfp · a run that is gone" in told
    assert "claim set by ada : they <b>say</b> so" in told


def test_a_copy_that_is_gone_keeps_its_hash(serve: Serve) -> None:
    """The page does not fail, and tells nothing of this machine's folders."""
    ask, reference = served(serve)
    for file in archive.files(ask.settings.archive_dir):
        (ask.settings.archive_dir / file.name).unlink()
    told = words(ask, PAGE)

    assert "cannot be read any more" in told
    assert reference.split(" ")[1] in told
    assert ask.get(f"/conferences/icml-2026/copies/{reference.split(' ')[1]}").status == 404
    assert str(ask.settings.archive_dir) not in told


def test_a_merged_conference_leads_to_the_one_that_took_it_in(serve: Serve) -> None:
    """With the reader's zone; of one that there is not, 404."""
    ask, _ = served(serve)
    moved = ask.get("/conferences/old-2026/why?zone=AoE")

    assert (moved.status // 100, moved.headers["Location"]) == (3, f"{PAGE}?zone=AoE")
    assert ask.get("/conferences/nope-2026/why").status == 404
