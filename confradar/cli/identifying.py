"""Commands on which mentions are one conference: identify, identity."""

from __future__ import annotations

import json
import sys
from typing import TextIO

import click

from confradar import steps


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="surrogateescape"))
def identify(file: TextIO) -> None:
    """Group mentions, given as JSON lines, into conferences; e.g. `confradar identify mentions.jsonl`.

    A mention has `id`, `source`, `title`, `acronym`, `full_name`, `year`, `link`, `place`, `start`, `end`, `deadline`,
    `timezone`; all but the year and one name may be absent. Prints one JSON line for each conference: `cluster`,
    `mentions`, and for each mention the rule that brought it in. Exit code 3 if any line could not be read.
    """
    clusters, errors = steps.identify(file)
    for cluster in clusters:
        click.echo(json.dumps(cluster, ensure_ascii=False))
    for error in errors:
        click.echo(str(error), err=True)
    sys.exit(3 if errors else 0)
