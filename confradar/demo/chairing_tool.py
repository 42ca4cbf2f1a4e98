"""The site `chairing_tool` of the demo: a page that scripts fill, so that no reader of plain HTML sees anything."""

from __future__ import annotations

import json
from typing import Any

from confradar.demo.answers import Answer, Request, page
from confradar.demo.facts import Edition

SHELL = (
    '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>'
    '<script src="/static/main.js"></script>'
)


def answer(request: Request) -> Answer:
    """The same empty shell on every path, with status 200; invented conferences lie in it as embedded state."""
    shown = request.shelf.on("chairing_tool")
    if not shown:
        return page("Chairing Tool", SHELL)
    state = json.dumps({"props": {"pageProps": {"conferences": [_conference(edition) for edition in shown]}}})
    # Inside a script element only "<" could end it.
    held = f'<script id="__NEXT_DATA__" type="application/json">{state.replace("<", chr(92) + "u003c")}</script>'
    return page("Chairing Tool", SHELL + held)


def _conference(edition: Edition) -> dict[str, Any]:
    abstract, paper = edition.gate("abstract"), edition.gate("submission")
    return {
        "id": edition.id,
        "name": edition.full_name,
        "acronym": edition.acronym,
        "year": edition.year,
        "location": edition.where,
        "website": edition.website,
        "startDate": edition.starts_on and edition.starts_on.isoformat(),
        "endDate": edition.ends_on and edition.ends_on.isoformat(),
        "abstractDeadline": abstract and f"{abstract.text} {abstract.zone}",
        "submissionDeadline": paper and f"{paper.text} {paper.zone}",
    }
