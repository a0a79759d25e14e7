"""PostgreSQL: a private cluster on a Unix socket, or the one PGHOST names.

The cluster belongs to the clone. It listens on no network address, so that the
clusters of several clones and the machine's own never meet. The operating system
vouches for its users (peer): the one who runs setup/ is the database user `odoo`,
which may create databases and nothing more.
"""

import contextlib
import fcntl
import getpass
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from .machine import (
    ROOT,
    STATE,
    apt_install,
    as_root,
    digest,
    end_with_parent,
    fail,
    only_one,
    run,
    say,
    succeeds,
)

OLDEST = 13  # Odoo 19 asks for it
ROLE = "odoo"
LONGEST_SOCKET_FOLDER = 80  # the whole path of a socket must stay under 107 bytes

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
shared_buffers = 512MB        # the default, 128MB, is for a machine of 2005
work_mem = 32MB
maintenance_work_mem = 256MB
synchronous_commit = off      # a crash may lose the last moments, never corrupt
max_wal_size = 4GB
random_page_cost = 1.1        # the data lie on a solid-state disk or in memory
"""


class Cluster:
    """The private cluster of this clone."""

    def __init__(self):
        self.bin = _binaries()
        self.owner = _owner()
        self.folder = self._choose_folder()
        self.data = self.folder / "data"

    def _choose_folder(self):
        short = len(os.fsencode(STATE)) < LONGEST_SOCKET_FOLDER
        if short and self._as_owner("test", "-x", str(STATE)):
            return STATE / "postgres"
        # Root's home, for example, is closed to other users.
        name = f"crm-{digest(str(ROOT))}"
        if self.owner.pw_uid == os.geteuid():
            return Path(self.owner.pw_dir) / ".local" / "state" / name
        return Path(self.owner.pw_dir) / name

    def _identity(self):
        if self.owner.pw_uid == os.geteuid():
            return {}
        group = self.owner.pw_gid
        return {"user": self.owner.pw_uid, "group": group, "extra_groups": [group]}

    def _as_owner(self, *command):
        return succeeds(*command, cwd="/", **self._identity())

    def _run(self, program, *arguments):
        # Output goes to a file: the server keeps pg_ctl's open after it has ended.
        return subprocess.run(
            [self.bin / program, *arguments],
            cwd="/",
            preexec_fn=end_with_parent,  # pg_ctl's server is a process of its own
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            **self._identity(),
        )

    def create(self):
        """Create the cluster unless it is there."""
        if self.data.exists():
            return
        say(f"creating a private PostgreSQL cluster in {self.folder}")
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ("--username=postgres", "--auth=peer", "--encoding=UTF8")
        done = self._run("initdb", *options, "--locale=C.UTF-8", "-D", str(unfinished))
        if done.returncode:
            fail(f"PostgreSQL's initdb failed: {done.stderr.strip()}")
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(SETTINGS.format(folder=self.folder))
        (unfinished / "pg_hba.conf").write_text("local all all peer map=clone\n")
        pairs = {
            (self.owner.pw_name, "postgres"),
            (getpass.getuser(), "postgres"),
            (getpass.getuser(), ROLE),
        }
        lines = (f"clone {person} {role}\n" for person, role in sorted(pairs))
        (unfinished / "pg_ident.conf").write_text("".join(lines))
        unfinished.rename(self.data)

    def is_up(self):
        """Tell whether the server accepts connections."""
        return succeeds(self.bin / "pg_isready", "-q", "-h", str(self.folder))

    def start(self):
        """Start the server unless it is up; make sure that Odoo's role exists."""
        if not self.is_up():
            log = self.folder / "postgres.log"
            options = ("-D", str(self.data), "-l", str(log), "-w", "-s")
            if self._run("pg_ctl", "start", *options).returncode:
                fail(f"PostgreSQL does not start: its reason is in {log}.")
        known = f"select 1 from pg_roles where rolname = '{ROLE}'"
        if not self.ask(known):
            self.ask(f"create role {ROLE} login createdb")

    def stop_if_unused(self):
        """Stop the server unless somebody is connected to it."""
        others = (
            "select 1 from pg_stat_activity where backend_type = 'client backend' "
            "and pid <> pg_backend_pid()"
        )
        if self.is_up() and not self.ask(others):
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-s")

    def ask(self, query):
        """Run one query as the cluster's administrator."""
        connection = ("-h", str(self.folder), "-U", "postgres", "-d", "postgres")
        return run(self.bin / "psql", "-XAtq", *connection, "-c", query)

    def environment(self):
        """Return the variables that lead Odoo and PostgreSQL's programs to it."""
        return {"PGHOST": str(self.folder), "PGPORT": "5432", "PGUSER": ROLE}


def ensure():
    """Install PostgreSQL unless it is there or a server is given."""
    if os.environ.get("PGHOST"):
        if not shutil.which("psql"):
            apt_install("PostgreSQL's client", "postgresql-client")
        if not succeeds("psql", "-XAtq", "-d", "postgres", "-c", "select 1"):
            fail(
                f"No PostgreSQL answers at PGHOST={os.environ['PGHOST']}: start it, "
                "set PGPORT, PGUSER and PGPASSWORD for it, or unset PGHOST."
            )
        return
    if not _binaries() or (os.geteuid() == 0 and not _has_user("postgres")):
        # Without this, Debian's package starts a cluster for the whole machine.
        folder = Path("/etc/postgresql-common/createcluster.d")
        setting = folder / "crm-no-main-cluster.conf"
        run(*as_root("mkdir", "-p", folder))
        script = f"echo 'create_main_cluster = false' > {setting}"
        run(*as_root("sh", "-c", script))
        apt_install("PostgreSQL", "postgresql")
        run(*as_root("rm", setting))


@contextlib.contextmanager
def running():
    """Keep PostgreSQL up for the caller; yield the variables that lead to it.

    The last command that leaves stops the server, unless others are connected.
    """
    if os.environ.get("PGHOST"):
        yield {"PGUSER": os.environ.get("PGUSER", getpass.getuser())}
        return
    cluster = Cluster()
    with (STATE / "postgres-users.lock").open("w") as users:
        with only_one("postgres-start"):
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster.create()
            cluster.start()
        try:
            yield cluster.environment()
        finally:
            with only_one("postgres-start"), contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cluster.stop_if_unused()


def _binaries():
    """Return the folder of the newest PostgreSQL on this machine, or None."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    in_path = shutil.which("initdb")
    if in_path:
        folders.append(Path(in_path).resolve().parent)
    usable = {
        _major(folder): folder
        for folder in folders
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
    }
    best = max(usable, default=0)
    return usable[best] if best >= OLDEST else None


def _major(folder):
    shown = subprocess.run([folder / "initdb", "--version"], capture_output=True)
    return int(shown.stdout.split()[-1].split(b".")[0].split()[0])


def _has_user(name):
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)


def _owner():
    """Return the user whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    return _has_user("postgres") or fail(
        "No unprivileged user to run PostgreSQL as: add a system user `postgres`."
    )
