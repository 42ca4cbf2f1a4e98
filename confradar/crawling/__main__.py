"""`python -m confradar.crawling SOURCE`: one crawl in this process, for the command line and where nothing is forked.

Exit codes: 0 done, 1 failed, 2 usage, 3 degraded.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from confradar import environment, logs
from confradar import settings as configuration
from confradar.crawling import child
from confradar.crawling.options import CrawlOptions, options
from confradar.crawling.outcome import judge, tell
from confradar.crawling.spool import Follower
from confradar.errors import ConfRadarError
from confradar.sources.base import reader

EXIT = {"ok": 0, "degraded": 3}


def main() -> int:
    """Crawl one source; its findings go to OUT/SOURCE.jsonl, Scrapy's log and one line of summary to stderr."""
    parser = argparse.ArgumentParser(prog="python -m confradar.crawling", description=main.__doc__)
    parser.add_argument("source", help="the name of a source, such as elra")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for the findings (default: this one)")
    parser.add_argument("--budget", type=float, help="seconds of crawling (default: as the source declares)")
    parser.add_argument("--options", type=Path, help=argparse.SUPPRESS)  # from the process that started this one
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    source = reader(given.source).source
    if given.options:
        chosen = CrawlOptions.from_json(json.loads(given.options.read_text()))
    else:
        overrides = environment.source_overrides(source.name)
        chosen = options(source, configuration.load(), overrides, budget=given.budget)
    logs.conceal(environment.secrets(configuration.load()))
    logs.configure("plain")
    given.out.mkdir(parents=True, exist_ok=True)
    spool = given.out / f"{source.name}.jsonl"
    spool.write_bytes(b"")
    if given.parent:
        child.alone(chosen, given.parent)
    follower = Follower(spool)
    child.run(source.name, chosen, spool)
    follower.advance()
    done = judge(source, chosen, follower.found)
    if not given.parent:  # which tells it by itself
        tell(done)
    return EXIT.get(done.status, 1)


if __name__ == "__main__":
    try:
        code = main()
    except ConfRadarError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        code = 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a thread that waits for a name server must not keep the process
