"""What an installation keeps of itself, and tells of it: prune, metrics."""

from __future__ import annotations

import click

from confradar import app, steps
from confradar import metrics as figures
from confradar import settings as configuration


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
def prune(dry_run: bool) -> None:
    """Delete runs with their steps, logs, checks and kept outputs after 90 days, operators' acts after 400.

    Runs each night by itself. CONFRADAR_KEEP_DAYS and CONFRADAR_KEEP_AUDIT_DAYS say otherwise, CONFRADAR_ARCHIVE_DAYS
    for how many days a night can be replayed; its files go a month later. The history of dates stays, and so do each
    source's newest good output and the pages behind what is believed.
    """
    settings = configuration.load()
    steps.prepare(settings)
    done = steps.prune(settings, dry_run=dry_run)
    verb = "would be deleted" if dry_run else "deleted"
    for table, rows in done.value.items():
        click.echo(f"{table:<15} {rows:>7,} {verb}")


@click.command()
def metrics() -> None:
    """Print the figures that Prometheus reads, fit for the node exporter's textfile collector."""
    settings = configuration.load()
    click.echo(figures.text(settings, lambda: app.queue(settings).waiting), nl=False)
