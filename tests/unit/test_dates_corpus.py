"""Real dates of three sources, against what they were worked out to mean without this code."""

import json
import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from confradar.deadlines.dates import Edition, Precision, parse_day, parse_days, resolve
from confradar.deadlines.listing import Kind


def lines(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def test_every_gate_of_the_deadline_lists_resolves_to_its_known_instant(corpus: Path) -> None:
    """To the second, 398 of them. Spreadsheet dates have the month first; a list without a zone means New York's."""
    met: Counter[str] = Counter()
    for edition in lines(corpus / "ai_deadlines" / "EXPECTED.jsonl"):
        flat = ((Kind.SUBMISSION, "deadline", "submission_utc"), (Kind.ABSTRACT, "abstract_deadline", "abstract_utc"))
        gates = [
            (kind, edition[text], edition["timezone"], edition[utc]) for kind, text, utc in flat if text in edition
        ]
        for gate in edition.get("instants", ()):
            kind = Kind.ABSTRACT if "abstract" in gate["type"] else Kind.SUBMISSION
            gates.append((kind, gate.get("date", gate["utc"]), gate.get("timezone"), gate["utc"]))
        for kind, text, zone_text, utc in gates:
            if text is None:
                continue
            months_first = False if "/" in text else None
            window = resolve(text, zone_text, kind=kind, edition=Edition(edition["year"]), day_first=months_first)
            if utc is None:
                met["no instant" if window.precision is Precision.NONE else f"{window.precision} {window.reason}"] += 1
                continue
            instant = datetime.fromisoformat(utc)
            if zone_text is None and not text.endswith("Z"):
                assert window.reason == "no zone is given"
                assert window.earliest is not None
                assert window.latest is not None
                assert window.earliest < instant < window.latest
                window = resolve(text, "America/New_York", kind=kind, edition=Edition(edition["year"]))
            assert (window.earliest, window.latest) == (instant, instant), (edition["id"], text, zone_text)
            met["exact"] += 1

    assert met == {
        "exact": 398,
        "no instant": 5,
        "second no known zone is given": 3,
        "day no hour is given: the end of the day": 2,
        "day no hour is given: the end of the day; no zone is given": 1,
    }


def test_the_dates_of_the_rolling_review_page_resolve_to_their_days(corpus: Path) -> None:
    """Written in nine ways, all of them anywhere on earth."""
    met = 0
    for page in lines(corpus / "acl_web" / "EXPECTED.jsonl"):
        for record in page["records"]:
            for gate in ("submission", "commitment"):
                text, day = record.get(f"{gate}_raw"), record.get(gate)
                if not day or not text or not record.get("year"):
                    continue
                window = resolve(text, "AoE", kind=Kind.COMMITMENT, edition=Edition(record["year"]))
                end = datetime.fromisoformat(f"{day}T23:59:59-12:00")
                assert end == window.latest, text
                met += 1

    assert met > 100


def test_the_dates_of_wikicfp_rows_resolve_to_their_days(corpus: Path) -> None:
    """Both event days of every row, and the deadline where the row has one."""
    met: Counter[str] = Counter()
    for page in lines(corpus / "wikicfp" / "EXPECTED.jsonl"):
        for record in page["records"]:
            if record.get("start") and record.get("when_raw"):
                days = parse_days(record["when_raw"], None)
                assert days == (date.fromisoformat(record["start"]), date.fromisoformat(record["end"]))
                met["events"] += 1
            submission = re.sub(r" \(.*\)", "", record.get("submission_raw") or record.get("deadline_raw") or "")
            if record.get("submission"):
                assert parse_day(submission, None) == date.fromisoformat(record["submission"])
                met["deadlines"] += 1

    assert met["events"] > 100
    assert met["deadlines"] > 100
