"""Child processes that end with us, however we end."""

import ctypes
import signal
import subprocess

_PR_SET_PDEATHSIG = 1


def _end_with_parent():
    # Linux: the child gets SIGTERM when its parent is gone, even when killed.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command, environment, **options):
    """Start a child that is told to end when this process ends."""
    command = [str(part) for part in command]
    return subprocess.Popen(
        command, env=environment, preexec_fn=_end_with_parent, **options
    )


def attached(command, environment, **options):
    """Run a child on our terminal; return its exit code.

    Ctrl-C reaches the child from the terminal itself and SIGTERM is passed on, so
    that it can leave in order; we only wait.
    """
    child = start(command, environment, **options)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()
