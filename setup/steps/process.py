"""Child processes that end with us, however we end."""

import contextlib
import os
import signal
import subprocess
import sys

from .machine import end_with_parent


def start(command, environment, **options):
    """Start a child that is told to end when this process ends."""
    command = [str(part) for part in command]
    return subprocess.Popen(
        command, env=environment, preexec_fn=end_with_parent, **options
    )


def end_in_order():
    """Make Ctrl-C and SIGTERM leave through our `finally` clauses, without a word."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def group(command, environment):
    """Run a child that has children of its own; leave none of them behind.

    Ctrl-C and SIGTERM reach the child as Ctrl-C, so that it can leave in order.
    """
    child = start(command, environment, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.send_signal(signal.SIGINT))
    try:
        return child.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        end_in_order()


def attached(command, environment, **options):
    """Run a child on our terminal; return its exit code.

    Ctrl-C reaches the child from the terminal itself and SIGTERM is passed on, so
    that it can leave in order; we only wait.
    """
    child = start(command, environment, **options)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()
