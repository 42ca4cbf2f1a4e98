"""Why a date is believed: each claim with its page, the archived copy, the rule that linked it, and every change."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from confradar import archive
from confradar.deadlines.identity import SURE
from confradar.deadlines.listing import Kind
from confradar.errors import BrokenArchive, UnknownName
from confradar.publish import rows
from confradar.settings import Settings
from confradar.storage import answers, audit, database, history
from confradar.storage.answers import Answer


def why(slug: str, kind: Kind | None, settings: Settings, *, as_of: datetime | None = None) -> Answer:
    """Why the gates of a conference (those of one kind, if given) stand where they do, or stood. As `explained`."""
    with database.reading(settings.database, as_of=as_of) as connection:
        return explained(connection, slug, kind, archived_in=settings.archive_dir)


def explained(connection: Connection, slug: str, kind: Kind | None, *, archived_in: Path) -> Answer:
    """Why the gates of a conference (those of one kind, if given) stand where they do.

    As `answers.conference`, with `gates` as `rows.gates_of` has them and `decisions`, what operators did with it. Each
    claim has `evidence` (the rule by which its mention was linked), `sure` (how sure that is, of 100) and `archived`:
    `url`, `at`, `digest`, `file`, `offset` and `lost` (why the copy cannot be read) of the page that says it, or None
    if there is none. Each change has `run` (None once that is gone) and `by` (who asked for it, if a person did).

    Raises UnknownName for the conference, and for a kind of which nobody speaks.
    """
    found = answers.conference(connection, slug)
    made = history.made_by(connection, {line["run_id"] for line in found["changes"]})
    found["changes"] = [{**line, **made.get(line["run_id"], {"run": None, "by": None})} for line in found["changes"]]
    gates = [gate for gate in rows.gates_of(found) if kind in (None, gate["kind"])]
    if not gates and kind:
        spoken = ", ".join(sorted({gate["kind"] for gate in found["deadlines"]})) or "none"
        raise UnknownName(f"Nobody speaks of the {kind} of {found['slug']}. Gates that are spoken of: {spoken}.")
    said = {claim["mention_id"] for gate in gates for claim in gate["claims"]}
    behind = {one["id"]: _behind(one, archived_in) for one in found["mentions"] if one["id"] in said}
    for gate in gates:
        gate["claims"] = [{**claim, **behind[claim["mention_id"]]} for claim in gate["claims"]]
    return {**found, "gates": gates, "decisions": audit.entries(connection, found["slug"])}


def copy_of(connection: Connection, slug: str, digest: str, *, archived_in: Path) -> archive.Found:
    """The archived copy with that digest (`sha256:…`) of a page that speaks of a conference.

    Raises UnknownName for the conference, for a page that does not speak of it, and for a copy that cannot be read.
    """
    references = [one["archived"] or "" for one in answers.conference(connection, slug)["mentions"]]
    for reference in references:
        if reference.endswith(f" {digest}"):
            try:
                return archive.find(archived_in, reference)
            except BrokenArchive as error:
                raise UnknownName(f"The copy {digest} cannot be read any more.") from error
    raise UnknownName(f"No page with the hash {digest!r} speaks of {slug}.")


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
