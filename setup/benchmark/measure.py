"""Measuring: time, medians, memory and write-ahead log."""

import contextlib
import ctypes
import gc
import random
import statistics
import subprocess
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

# Goes on from call to call: with an order of its own, each call would favour the same.
ORDER = random.Random(1)


@contextlib.contextmanager
def timed():
    """Yield an object whose `seconds` is set at the end."""
    gc.collect()
    spent = SimpleNamespace(seconds=None)
    start = time.perf_counter()
    yield spent
    spent.seconds = time.perf_counter() - start


def rounds(count, *runs, shuffle=True):
    """Time several functions in interleaved rounds, each round in another order.

    A function returns the seconds it measured itself, or None to have all of it
    measured (preparation does not belong into the time of what is measured).

    :return: one list of seconds per function
    """
    times = [[] for _run in runs]
    for _round in range(count):
        sequence = list(range(len(runs)))
        if shuffle:
            ORDER.shuffle(sequence)
        for index in sequence:
            with timed() as spent:
                seconds = runs[index]()
            times[index].append(spent.seconds if seconds is None else seconds)
    return times


def median(values):
    """The middle one of some seconds."""
    return statistics.median(values)


def paired_ratio(values, others):
    """Median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(values, others, strict=True))


class Memory:
    """The most private memory of processes while entered, in MB, by sampling."""

    def __init__(self, *pids):
        self.pids = pids
        self.peak = 0
        self._stop = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.05):
            self.peak = max(self.peak, sum(map(private_memory, self.pids)))


def private_memory(pid):
    """Private memory of a process now, in MB; 0 when it cannot be seen."""
    try:
        with open(f"/proc/{pid}/status") as file:
            values = dict(line.split(":", 1) for line in file)
    except OSError:  # ended meanwhile, or not ours to see
        return 0
    # A process that has just ended has none.
    return int(values.get("RssAnon", "0").split()[0]) / 1024


def settle():
    """Give freed memory back, so that what comes next shows as it grows."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def backend(cr):
    """Process id of the database backend behind a cursor (of this machine)."""
    cr.execute("SELECT pg_backend_pid()")
    return cr.fetchone()[0]


@contextlib.contextmanager
def wal(cr):
    """Yield an object whose `megabytes` of write-ahead log is set at the end."""
    spent = SimpleNamespace(megabytes=None)
    cr.execute("SELECT pg_current_wal_insert_lsn()")
    [start] = cr.fetchone()
    yield spent
    cr.execute("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", [start])
    spent.megabytes = float(cr.fetchone()[0]) / 2**20


def run_process(command):
    """Run a command; return its `seconds` and its peak memory in MB."""
    with timed() as spent:
        process = subprocess.Popen(command)
        with Memory(process.pid) as memory:
            if process.wait():
                raise subprocess.CalledProcessError(process.returncode, command)
    return SimpleNamespace(seconds=spent.seconds, megabytes=memory.peak)


def next_day(day):
    """The day after."""
    return day + timedelta(days=1)
