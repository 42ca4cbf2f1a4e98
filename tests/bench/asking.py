"""Readers, in a process of their own: so many requests a second, whatever the server makes of them.

Run as a script with the server's address, the seconds and the requests a second. One fifth asks for pages of the radar,
four fifths for feeds, most of these with the tag of the last answer. Prints one JSON list: for each request the moment
at which it was due (seconds of the monotonic clock), the status (0 for no answer), and the seconds until its answer.
"""

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

THREADS = 64  # below the connections that one client may have
TIMEOUT = 10  # seconds
TOPICS = ("language", "vision", "security", "data", "robotics")
RADAR = ["/", "/?q=learning+vision", *(f"/?topic={topic}&kind=submission" for topic in TOPICS)]
KINDS = ("deadlines.ics", "deadlines.atom", "changes.atom", "deadlines.csv")
FEEDS = [f"/feeds/{kind}?topic={topic}" for kind, topic in product(KINDS, TOPICS)]


class Readers:
    """Who asks, with the tags of what they have."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.removeprefix("http://").rpartition(":")
        self._port, self._tags, self._mine = int(port), dict[str, str](), threading.local()

    def ask(self, number: int, due: float) -> tuple[float, int, float]:
        """Make the request of that number when it is due."""
        time.sleep(max(0, due - time.monotonic()))
        path = RADAR[number // 5 % len(RADAR)] if number % 5 == 0 else FEEDS[number % len(FEEDS)]
        tag = self._tags.get(path) if number % 5 > 1 else None
        try:
            connection = self._connection()
            connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200 and (given := answer.getheader("ETag")):
                self._tags[path] = given
            status = answer.status
        except (OSError, http.client.HTTPException):
            self._mine.connection = None
            status = 0
        return due, status, time.monotonic() - due

    def _connection(self) -> http.client.HTTPConnection:
        if getattr(self._mine, "connection", None) is None:
            self._mine.connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        return self._mine.connection


def main(address: str, seconds: float, rate: float) -> None:
    """Ask, and say what came."""
    readers, began = Readers(address), time.monotonic()
    numbers = range(int(seconds * rate))
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(readers.ask, numbers, (began + number / rate for number in numbers)))
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
