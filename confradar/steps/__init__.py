"""The steps of the pipeline as plain functions: they return a value and its metadata, and need no broker."""

from confradar.steps.alerting import test_alerts
from confradar.steps.attempting import crawl_in_run
from confradar.steps.backfilling import backfill
from confradar.steps.conditions import disk_free, disk_trouble
from confradar.steps.crawling import crawl, reach
from confradar.steps.delivering import DELIVER, deliver
from confradar.steps.describing import DELAYS_OF, describe_sources, standings
from confradar.steps.editing import clear_claim, set_claim, withdraw_claim
from confradar.steps.explaining import copy_of, explained, why
from confradar.steps.fetching import fetch
from confradar.steps.followers import Begun, end_signed, follow, follow_settings, followed, leads, signed, unfollow
from confradar.steps.identifying import identify, identity_of, join, split, uncertain
from confradar.steps.nights import NightState, hear_beat, night_state
from confradar.steps.operating import cancel, pause, paused, release, resume, retry_target, to_repeat, withdraw
from confradar.steps.rechecking import NEAR, RECHECK_BUDGET, to_recheck
from confradar.steps.replaying import replay
from confradar.steps.retention import prune
from confradar.steps.runs import (
    NIGHT,
    SCHEDULE,
    STORE,
    STORE_SECONDS,
    Materialised,
    Opened,
    close,
    instant,
    now_utc,
    open_run,
    prepare,
    refuse_if_busy,
    upgrade,
)
from confradar.steps.storing import outcome, store, store_run
from confradar.steps.watching import keep_watching, last_look, watch

__all__ = [
    "DELAYS_OF",
    "DELIVER",
    "NEAR",
    "NIGHT",
    "RECHECK_BUDGET",
    "SCHEDULE",
    "STORE",
    "STORE_SECONDS",
    "Begun",
    "Materialised",
    "NightState",
    "Opened",
    "backfill",
    "cancel",
    "clear_claim",
    "close",
    "copy_of",
    "crawl",
    "crawl_in_run",
    "deliver",
    "describe_sources",
    "disk_free",
    "disk_trouble",
    "end_signed",
    "explained",
    "fetch",
    "follow",
    "follow_settings",
    "followed",
    "hear_beat",
    "identify",
    "identity_of",
    "instant",
    "join",
    "keep_watching",
    "last_look",
    "leads",
    "night_state",
    "now_utc",
    "open_run",
    "outcome",
    "pause",
    "paused",
    "prepare",
    "prune",
    "reach",
    "refuse_if_busy",
    "release",
    "replay",
    "resume",
    "retry_target",
    "set_claim",
    "signed",
    "split",
    "standings",
    "store",
    "store_run",
    "test_alerts",
    "to_recheck",
    "to_repeat",
    "uncertain",
    "unfollow",
    "upgrade",
    "watch",
    "why",
    "withdraw",
    "withdraw_claim",
]
