"""The steps of the pipeline as plain functions: they return a value and its metadata, and need no broker."""

from confradar.steps.crawling import crawl, crawl_in_run
from confradar.steps.runs import STORE, Materialised, instant, now_utc, open_run, prepare
from confradar.steps.storing import outcome, store, store_run
from confradar.steps.watching import keep_watching, watch

__all__ = [
    "STORE",
    "Materialised",
    "crawl",
    "crawl_in_run",
    "instant",
    "keep_watching",
    "now_utc",
    "open_run",
    "outcome",
    "prepare",
    "store",
    "store_run",
    "watch",
]
