"""A ledger with a past: many nights of five sources and the store, one step with a long log."""

from datetime import UTC, datetime, timedelta

from confradar import logs
from confradar.graph import nodes
from confradar.storage import bulk, database
from confradar.storage import logs as kept_logs
from confradar.storage.run_tables import audit, check_result, kept_output, run, step_run

BEGAN = datetime(2026, 2, 3, 2, tzinfo=UTC)
LAST = "nightly:2026-02-03"
COUNTS = {"ai_deadlines": 214, "acl_web": 21, "chairing_tool": 6, "elra": 7, "wikicfp": 1840}
FIGURES = {"total": 2077, "created": 31, "updated": 12, "unchanged": 2031, "rejected": 3, "new_conferences": 9}


def seed(url: str, *, nights: int = 3, lines: int = 50) -> None:
    """Write that many nights, the last of them on 3 February 2026, and so many lines of its wikicfp's log.

    In the last night chairing_tool is degraded, as expected, elra failed once and then went well, and wikicfp is held
    by a check.
    """
    names = list(nodes())
    with database.transaction(url) as connection:
        bulk.insert(connection, run, (_run(number, nights, names) for number in range(1, nights + 1)))
        rows = [row for number in range(1, nights + 1) for row in _steps(number, nights, names)]
        bulk.insert(connection, step_run, rows)
        bulk.insert(connection, check_result, _checks(nights))
        bulk.insert(connection, kept_output, _outputs(nights))
        acts = {
            "at": BEGAN,
            "by": "ada",
            "action": "cancel",
            "subject": f"{LAST} elra_conferences",
            "why": "<b>why</b>",
        }
        bulk.insert(connection, audit, [{"id": 1, **acts}])
        told = [
            str(
                logs.Line(
                    BEGAN + timedelta(seconds=n), _level(n), "scrapy.core.engine", f"<i>line</i> {n} of the crawl"
                )
            )
            for n in range(1, lines + 1)
        ]
        kept_logs.append(connection, nights, "wikicfp_conferences", 1, told, limit=1024 * 1024)


def _level(number: int) -> int:
    return 40 if number % 25 == 0 else 30 if number % 10 == 0 else 20


def _run(number: int, nights: int, names: list[str]) -> dict[str, object]:
    began = BEGAN - timedelta(days=nights - number)
    last = number == nights
    return {
        "id": number,
        "key": f"nightly:{began:%Y-%m-%d}",
        "trigger": "schedule",
        "logical_instant": began,
        "target": "*",
        "steps": names,
        "status": "partial" if last else "failed" if number % 7 == 0 else "ok",
        "started_at": began + timedelta(seconds=1),
        "deadline_at": began + timedelta(minutes=75),
        "finished_at": began + timedelta(minutes=8),
        "stored_at": began + timedelta(minutes=8),
        "statistics": {**FIGURES, "moves": {"earlier": 1, "later": 4}},
        "message": None,
        "token": number,
        "by": None,
        "retry_of": None,
        "stopping_at": None,
    }


def _steps(number: int, nights: int, names: list[str]) -> list[dict[str, object]]:
    began = BEGAN - timedelta(days=nights - number)
    rows = []
    for place, name in enumerate(names):
        source = name.removesuffix("_conferences")
        status, reason, error = "ok", None, None
        if source == "chairing_tool":
            status, reason, error = "degraded", "needs_browser", "the list is drawn by scripts"
        elif source == "wikicfp" and number == nights:
            status, reason = "quarantined", "count_like_last_nights"
            error = "at least half of the median of the last nights: 310 listings"
        elif number % 7 == 0 and source == "acl_web":
            status, reason, error = "failed", "timeout", "no answer within 30 s"
        count = COUNTS.get(source, 2077) - (number * 13) % 40 * (source == "wikicfp")
        row = {
            "id": number * 10 + place,
            "run_id": number,
            "step": name,
            "attempt": 1,
            "status": status,
            "reason": reason,
            "task_id": f"5f0a6c52-61c5-4a3e-9c0e-{number:012}",
            "worker": "radar-a",
            "pid": 4711 + place,
            "queued_at": began,
            "started_at": began + timedelta(seconds=1),
            "heartbeat_at": began + timedelta(seconds=5),
            "finished_at": began + timedelta(seconds=9 + 95 * place),
            "count": count,
            "progress": None,
            "metadata": {
                "source": f"www.{source}.example",
                "pages": 9 + place,
                "bytes": 411_822 * (place + 1),
                "rejected": 3 if source == "wikicfp" else 0,
                "expected": source == "chairing_tool",
                "seconds": {"waiting": 0.1, "crawling": 8.2},
                "rejects": ["wikicfp 180001, title: found 312 characters, wanted at most 300"] * (source == "wikicfp"),
                "preview": [
                    {"title": f"Conference <script>alert({n})</script> of {source}", "year": 2026, "url": url}
                    for n, url in enumerate(["https://example.org/a", "javascript:alert(1)", "http://example.org/c"])
                ],
            },
            "error": error,
        }
        rows.append(row)
        if source == "elra" and number == nights:
            rows.append({**row, "id": number * 10 + 9, "attempt": 2})
            row.update(status="failed", reason="reset", error="the connection was reset", count=0)
    return rows


def _checks(nights: int) -> list[dict[str, object]]:
    rows = []
    for source in COUNTS:
        for name, severity in (
            ("listings_found", "error"),
            ("count_like_last_nights", "error"),
            ("few_rejected", "warning"),
        ):
            held = source == "wikicfp" and name == "count_like_last_nights"
            rows.append(
                {
                    "id": len(rows) + 1,
                    "run_id": nights,
                    "step": f"{source}_conferences",
                    "attempt": 2 if source == "elra" else 1,
                    "output": source,
                    "name": name,
                    "severity": severity,
                    "blocking": held,
                    "passed": not held,
                    "description": "at least half of the median of the last nights",
                    "observed": "310 listings, median 1 840" if held else "as expected",
                }
            )
    return rows


def _outputs(nights: int) -> list[dict[str, object]]:
    return [
        {
            "id": number,
            "run_id": nights,
            "step": f"{source}_conferences",
            "attempt": 2 if source == "elra" else 1,
            "output": source,
            "count": count,
            "digest": "0" * 64,
            "body": b"",
            "kept_at": BEGAN,
            "held": source == "wikicfp",
        }
        for number, (source, count) in enumerate(COUNTS.items(), start=1)
    ]
