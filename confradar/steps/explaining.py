"""Why a date is believed: each claim with its page, the archived copy, the rule that linked it, and every change."""

from __future__ import annotations

from pathlib import Path

from confradar import archive
from confradar.deadlines.identity import SURE
from confradar.deadlines.listing import Kind
from confradar.errors import BrokenArchive, UnknownName
from confradar.publish import rows
from confradar.settings import Settings
from confradar.storage import answers, audit, database, history
from confradar.storage.answers import Answer


def why(slug: str, kind: Kind | None, settings: Settings) -> Answer:
    """Why the gates of a conference (those of one kind, if given) stand where they do.

    As `answers.conference`, with `gates` as `rows.gates_of` has them and `decisions`, what operators did with it. Each
    claim has `evidence` (the rule by which its mention was linked), `sure` (how sure that is, of 100) and `archived`:
    `url`, `at`, `digest`, `file`, `offset` and `lost` (why the copy cannot be read) of the page that says it, or None
    if there is none. Each change has `run` (None once that is gone) and `by` (who asked for it, if a person did).

    Raises UnknownName for the conference, and for a kind of which nobody speaks.
    """
    with database.reading(settings.database) as connection:
        found = answers.conference(connection, slug)
        made = history.made_by(connection, {line["run_id"] for line in found["changes"]})
        decisions = audit.entries(connection, found["slug"])
    gates = [gate for gate in rows.gates_of(found) if kind in (None, gate["kind"])]
    if not gates and kind:
        spoken = ", ".join(sorted({gate["kind"] for gate in found["deadlines"]})) or "none"
        raise UnknownName(f"Nobody speaks of the {kind} of {found['slug']}. Gates that are spoken of: {spoken}.")
    said = {mention["id"]: mention for mention in found["mentions"]}
    for gate in gates:
        gate["claims"] = [
            {**claim, **_behind(said[claim["mention_id"]], settings.archive_dir)} for claim in gate["claims"]
        ]
        gate["changes"] = [{**line, **made.get(line["run_id"], {"run": None, "by": None})} for line in gate["changes"]]
    return {**found, "gates": gates, "decisions": decisions}


def _behind(mention: Answer, folder: Path) -> Answer:
    evidence = mention["evidence"]
    archived = _archived(folder, mention["archived"]) if mention["archived"] else None
    return {"evidence": evidence, "sure": SURE.get(evidence, 0), "archived": archived}


def _archived(folder: Path, reference: str) -> Answer:
    try:
        found = archive.find(folder, reference)
    except BrokenArchive as error:
        place, _, digest = reference.partition(" ")
        file, _, offset = place.partition("#")
        return {"url": None, "at": None, "digest": digest, "file": file, "offset": int(offset), "lost": str(error)}
    names = ("url", "at", "digest", "file", "offset")
    return {**{name: getattr(found, name) for name in names}, "lost": None}
