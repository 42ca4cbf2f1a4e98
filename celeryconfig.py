"""Celery's configuration: broker, result backend, limits, beat schedule. `celery` finds it without -A."""

import atexit as _atexit
import gc as _gc
import sys as _sys
from pathlib import Path as _Path

from celery.schedules import crontab

from confradar import settings as _configuration
from confradar.errors import SettingError as _SettingError

_atexit.register(_gc.freeze)  # a last look through all that was loaded takes 0.4 s; what must be closed says so
try:
    _settings = _configuration.load()
except _SettingError as _error:  # one line, as from `confradar`, in whatever program reads this
    _sys.stderr.write(f"confradar: {_error}\n")
    raise SystemExit(_error.exit_code) from None

broker_url = result_backend = _settings.broker
# Celery's own commands name an address that does not answer, but not why it was that one.
if _settings.broker_missing and "celery" in _Path(_sys.argv[0]).parts[-2:]:
    _sys.stderr.write(f"confradar: {_settings.broker_missing}; trying {broker_url}\n")
imports = ("confradar.tasks",)

timezone = "UTC"
enable_utc = True
accept_content = ["json"]
result_accept_content = ["json"]
task_serializer = result_serializer = "json"

# Five crawls at once whatever the cores: they wait for the network.
worker_concurrency = _settings.worker_concurrency
worker_prefetch_multiplier = 1
# KiB. A process that grew over a large list or its store is replaced after the task: it would not give the memory back,
# and each crawl that it forks would begin with it. Ordinary nights stay below.
worker_max_memory_per_child = 128_000
worker_hijack_root_logger = False
worker_send_task_events = True
worker_soft_shutdown_timeout = 60
worker_consumer = "confradar.consuming:PatientConsumer"
# On, a restart of the broker would lose the chord's headers until their visibility ends.
worker_cancel_long_running_tasks_on_connection_loss = False
task_send_sent_event = True
task_track_started = True
task_acks_late = True
task_reject_on_worker_lost = False  # alone it loops for ever; the bounded way is the next line
task_retry_on_worker_lost = True
# The wait is that of a task whose process was lost; our own retries name theirs.
task_annotations = {"*": {"default_retry_delay": _settings.retry_waits[0], "Strategy": "confradar.contract:strategy"}}
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.2, "interval_step": 0.2, "interval_max": 0.5}

result_extended = True
result_expires = result_chord_expires = 3 * 24 * 3600
# A broker that restarts within two seconds must not fail a chord.
result_backend_always_retry = True
result_backend_base_sleep_between_retries_ms = 200
result_backend_max_sleep_between_retries_ms = 1000
result_backend_max_retries = 60

broker_connection_timeout = 2
broker_connection_retry_on_startup = True
# Above the longest hard limit: a body that outlives it would be delivered again beside itself.
_visibility = {
    "visibility_timeout": _settings.visibility_seconds,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
}
broker_transport_options = dict(_visibility)
result_backend_transport_options = {
    "visibility_timeout": _settings.visibility_seconds,
    # Of who sends: `celery call` gives up at once. A worker's writes are retried as set above.
    "retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
}

beat_schedule_filename = str(_settings.data_dir / "beat-schedule")
beat_cron_starting_deadline = 6 * 3600
beat_enable_remote_control = True
# Beat answers a ping as long as it looked at its schedule within this time; by default it sleeps longer than that.
beat_remote_control_max_tick_age = 120
beat_max_loop_interval = 50
beat_schedule = {
    "daily_crawl_schedule": {
        "task": "confradar.crawl_all",
        "schedule": crontab(hour=2, minute=0),
        "kwargs": {"trigger": "schedule"},
        "options": {"expires": 6 * 3600},
    },
    # At a minute at which it is over, as far as its budget goes, before a night begins.
    "recheck_near_deadlines": {
        "task": "confradar.recheck",
        "schedule": crontab(minute=35),
        "kwargs": {"trigger": "schedule"},
        "options": {"expires": 1800},
    },
    "nightly_retention": {
        "task": "confradar.prune",
        "schedule": crontab(hour=3, minute=30),
        "options": {"expires": 6 * 3600},
    },
    # A message that nobody could take in time is taken up by the next one.
    "deliver_messages": {"task": "confradar.deliver_messages", "schedule": 60, "options": {"expires": 55}},
}
