"""What every step needs: places, messages, commands, stamps, Debian packages."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".odoo"  # git-ignored: all that setup/ fetches, builds and runs
LOGS = STATE / "log"
LOCK_TIMEOUT = 600  # seconds to wait for another apt


def say(text):
    """Show one line of progress."""
    print(f"[setup] {text}", flush=True)


def fail(sentence):
    """Stop with one sentence: what is missing and how to get it."""
    sys.exit(f"[setup] {sentence}")


if sys.version_info < (3, 9):  # noqa: UP036 - what runs setup/ is not its venv yet
    fail(
        "This Python is too old: install Python 3.11, 3.12 or 3.13 and let "
        "`python3` in PATH be it."
    )


def end_with_parent():
    """Have the kernel tell this process to end when its parent is gone, even killed.

    For `preexec_fn`: what a killed command left running would be in the way of the
    next one.
    """
    pr_set_pdeathsig = 1  # Linux
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def run(*command, **options):
    """Run a command, its output shown only when it fails."""
    command = [str(part) for part in command]
    options = {"preexec_fn": end_with_parent, **options}
    done = subprocess.run(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail(f"`{' '.join(command)}` failed (exit code {done.returncode}), see above.")
    return done.stdout


def succeeds(*command, **options):
    """Tell whether a command exists, runs and exits with 0."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.run(command, **quiet, **options).returncode == 0
    except OSError:
        return False


def digest(*parts):
    """Return a short hash of strings and of the contents of files (paths)."""
    result = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        result.update(hashlib.sha256(content).digest())
    return result.hexdigest()[:16]


def once(name, key, step):
    """Run `step` unless it has already been completed for the same `key`.

    The stamp is written last, so an interrupted step is run again.
    """
    stamp = STATE / "stamps" / name
    if stamp.exists() and stamp.read_text() == key:
        return
    stamp.unlink(missing_ok=True)
    step()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


@contextlib.contextmanager
def only_one(name):
    """Let one process at a time through; the lock dies with its process."""
    STATE.mkdir(exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup command of this clone is at work: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replace_folder(folder):
    """Return `folder`, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# Debian packages ---------------------------------------------------------------


def os_release():
    """Return /etc/os-release as a dictionary."""
    with contextlib.suppress(OSError):
        lines = Path("/etc/os-release").read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if "=" in line)
        return {name: value.strip('"') for name, value in pairs}
    return {}


def is_debian():
    """Tell whether this is a release that setup/ knows how to equip."""
    release = os_release()
    return release.get("ID") == "debian" and release.get("VERSION_ID") in ("12", "13")


def as_root(*command):
    """Return the command as root runs it."""
    return list(command) if os.geteuid() == 0 else ["sudo", *command]


_lists_updated = False


def apt_update():
    """Refresh the machine's package lists, once per call of setup/."""
    global _lists_updated
    if not _lists_updated:
        say("refreshing the list of Debian packages")
        # One broken third-party source must not stop us: what is needed and
        # missing fails where it is fetched.
        command = as_root("apt-get", "-qq", "update")
        subprocess.run(command, preexec_fn=end_with_parent)
        _lists_updated = True


def apt_install(what, *packages):
    """Install packages of the machine's own release; `what` they are for."""
    if not is_debian():
        fail(f"{what} is missing: install it (Debian: {' '.join(packages)}).")
    if os.geteuid() and not shutil.which("sudo"):
        fail(
            f"{what} is missing and sudo too: "
            f"let root run `apt-get install {' '.join(packages)}`."
        )
    apt_update()
    say(f"installing {what} from Debian: {' '.join(packages)}")
    environment = "DEBIAN_FRONTEND=noninteractive"
    # Waits for another apt, such as one that a killed setup/ has left at work: packages
    # half installed would be worse, so it does not end with us.
    lock = ("-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}")
    options = ("-y", "-qq", "--no-install-recommends", *lock)
    command = as_root("env", environment, "apt-get", "install", *options, *packages)
    run(*command, preexec_fn=None)
