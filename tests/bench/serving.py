"""The staged sites in a process of their own, so that they share no interpreter lock with what is measured.

Run as a script with the number of events of each site. The first line that it prints is the settings of the sites as
JSON; for each line that it reads it then prints what it was asked since the last one. It ends with its input.
"""

import json
import sys
import time
from functools import lru_cache

from confradar.demo import render, sites


def main(events: int) -> None:
    """Serve until the input ends."""
    asked: list[float] = []
    answer = lru_cache(maxsize=None)(render.respond)  # a page is rendered once: the sites are not what is measured

    def respond(*arguments: object, **named: object) -> object:
        asked.append(time.time())
        return answer(*arguments, **named)

    render.respond = respond
    with sites.serve(events=events) as staged:
        say(staged.environment())
        for _ in sys.stdin:
            say({"requests": len(asked), "first": min(asked, default=None)})
            asked.clear()


def say(record: object) -> None:
    """Print a line of JSON."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
