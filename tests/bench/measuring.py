"""What the benches measure with: costs of processes seen from without, alternating rounds, small tables."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("CONFRADAR_BENCH_ROUNDS", "3"))
MEGABYTE = 1 << 20
SAMPLING = 0.03  # seconds between two looks at the memory


@dataclass
class Cost:
    """What one piece of work cost: seconds of wall, seconds of processor by who used them."""

    wall: float
    cpu: dict[str, float] = field(default_factory=dict)


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that live below it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def used(pid: int) -> float:
    """Seconds of processor of a process, of those below it, and of those that they have waited for.

    Exact to a hundredth for each process. A process that ends is counted by the one that waits for it.
    """
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


@contextmanager
def costs(**processes: int) -> Iterator[Cost]:
    """Measure a block: its wall, and the processor seconds of those processes, by their names."""
    before = {name: used(pid) for name, pid in processes.items()}
    cost = Cost(time.perf_counter())
    yield cost
    cost.wall = time.perf_counter() - cost.wall
    cost.cpu = {name: used(pid) - before[name] for name, pid in processes.items()}


def script(
    name: str, *arguments: str, environment: Mapping[str, str] | None = None, **streams: Any
) -> subprocess.Popen[str]:
    """Start a script of this folder in an interpreter of its own."""
    command = [sys.executable, str(HERE / name), *arguments]
    return subprocess.Popen(command, env=environment, text=True, **streams)


def finished(process: subprocess.Popen[str]) -> tuple[dict[str, Any], float]:
    """Wait for a script that ends: the JSON line that it printed, and the processor seconds that it took."""
    assert process.stdout
    with process.stdout as output:
        said = output.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return json.loads(said), usage.ru_utime + usage.ru_stime


class Memory(threading.Thread):
    """Watches the proportional set size (PSS) of a process and of all below it; `peak` is in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._ended, self.peak, self.processes = pid, threading.Event(), 0, 0

    def run(self) -> None:
        while not self._ended.wait(SAMPLING):
            found = [pss(process.pid) for process in tree(self._pid)]
            if sum(found) > self.peak:
                self.peak, self.processes = sum(found), len(found)

    def __enter__(self) -> "Memory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def pss(pid: int) -> int:
    """The memory of one process in bytes, what it shares with others counted in part; 0 if it is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as lines:
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def alternately(*sides: Callable[[], Cost], rounds: int = ROUNDS) -> list[list[Cost]]:
    """Run the sides in turn (A B A B …), so that a noisy minute meets them all; the costs of each side."""
    found: list[list[Cost]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, costs in zip(sides, found, strict=True):
            costs.append(side())
    return found


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def spread(values: Sequence[float], unit: str = "s") -> str:
    """A median with its extremes, as `1.23 s (1.20–1.31)`."""
    return f"{median(values):.2f} {unit} ({min(values):.2f}–{max(values):.2f})"


def ratio(ours: float, theirs: float, target: float | None = None) -> str:
    """How many times theirs ours is, beside the target if there is one."""
    found = f"{ours / theirs:.2f} ×"
    if target is None:
        return found
    return f"{found} (target {target:g} ×, {'met' if ours <= target * theirs else 'MISSED'})"


def show(title: str, *rows: tuple[str, str]) -> None:
    """Write a table of two columns."""
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    sys.stdout.write("\n".join(["", title, *lines, ""]))
    sys.stdout.flush()
