"""Odoo 19 itself: Debian's package unpacked under .odoo, or a given ODOO_HOME."""

import os
import re
import subprocess
from pathlib import Path

from .machine import (
    ROOT,
    STATE,
    apt_update,
    digest,
    end_with_parent,
    fail,
    is_debian,
    once,
    os_release,
    replace_folder,
    run,
    say,
)

LOCK = ROOT / "setup" / "odoo-19.lock"
ACCEPTED = STATE / "odoo-accepted"  # other versions that passed setup/test here
UNPACKED = STATE / "odoo-19"
FETCHED = STATE / "odoo-fetched"  # "version SHA256" of what lies in UNPACKED

# What the package links to instead of shipping. Debian 12 has no Montserrat: the
# web client falls back to another font without an error.
LINKED = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
)


def home():
    """Return the folder that holds Odoo's `odoo` package."""
    given = os.environ.get("ODOO_HOME")
    if given:
        return Path(given).resolve()
    return UNPACKED / "usr/lib/python3/dist-packages"


def addons_folders():
    """Return Odoo's own add-on folders (a checkout has two)."""
    folders = (home() / "addons", home() / "odoo" / "addons")
    return [folder for folder in folders if any(folder.glob("*/__manifest__.py"))]


def version():
    """Return what identifies this Odoo: version and checksum, or its folder."""
    if os.environ.get("ODOO_HOME"):
        return f"{home()} {digest(home() / 'odoo' / 'release.py')}"
    return FETCHED.read_text().strip()


def locked():
    """Return "version SHA256" as recorded in the repository."""
    line = LOCK.read_text().splitlines()[-1]
    return line.removeprefix("odoo-19 ")


def is_accepted():
    """Tell whether the tests have passed with this version, here or before."""
    if os.environ.get("ODOO_HOME"):
        return True  # the user's own choice
    accepted = ACCEPTED.read_text().splitlines() if ACCEPTED.exists() else []
    return version() in (locked(), *accepted)


def accept():
    """Record that the tests pass with the version at hand."""
    if not is_accepted():
        with ACCEPTED.open("a") as file:
            file.write(version() + "\n")
        say(f"recorded: the tests pass with Odoo {version().split()[0]}")


def ensure():
    """Get Odoo unless it is there."""
    if os.environ.get("ODOO_HOME"):
        release = home() / "odoo" / "release.py"
        if not release.exists() or not re.search(
            r"^version_info = \(19,", release.read_text(), re.MULTILINE
        ):
            fail(f"ODOO_HOME={home()} is no Odoo 19: give the folder that holds odoo/.")
        return
    if not is_debian():
        fail(
            "Odoo 19 is missing: on Debian 12 or 13 it is fetched by itself, "
            "elsewhere set ODOO_HOME to an Odoo 19 checkout or installation."
        )
    once("odoo", digest(LOCK, *LINKED), _fetch)
    if not is_accepted():
        say(f"WARNING: this is Odoo {version()}; the repository records {locked()}.")


def _fetch():
    mirror = _mirror()
    apt = STATE / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = apt / "sources.list"
    sources.write_text(f"deb [signed-by={keyring}] {mirror} sid main\n")
    # On top of the machine's own configuration (proxy and the like), so that
    # neither its sources nor its list of installed packages are touched or read.
    options = [
        f"Dir::Etc::SourceList={sources}",
        "Dir::Etc::SourceParts=/dev/null",
        "Dir::Etc::Preferences=/dev/null",
        "Dir::Etc::PreferencesParts=/dev/null",
        f"Dir::State={apt}",
        f"Dir::State::Lists={apt / 'lists'}",
        "Dir::State::Status=/dev/null",
        f"Dir::Cache={apt}",
        "Acquire::Languages=none",
        "APT::Sandbox::User=root",  # apt's own user may not reach this folder
    ]
    private = [part for option in options for part in ("-o", option)]

    say("reading Debian's package list of suite sid")
    run("apt-get", "-qq", *private, "update")
    shown = run("apt-cache", *private, "show", "--no-all-versions", "odoo-19")
    fields = dict(re.findall(r"^(Version|SHA256|Size): (.+)$", shown, re.MULTILINE))
    say(f"fetching odoo-19 {fields['Version']} ({int(fields['Size']) >> 20} MB)")
    archives = replace_folder(apt / "archives")
    # apt compares size and checksum with the signed list.
    run("apt-get", "-qq", *private, "download", "odoo-19", cwd=archives)
    say("fetching the fonts and JavaScript it links to")
    download = ("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download")
    command = [*download, *LINKED]
    if subprocess.run(command, cwd=archives, preexec_fn=end_with_parent).returncode:
        apt_update()
        run(*download, *LINKED, cwd=archives)

    say("unpacking Odoo")
    replace_folder(UNPACKED)
    for package in archives.glob("*.deb"):
        run("dpkg", "-x", package, UNPACKED)
    # Debian leaves this file out (not free software); only blurring the background
    # of a video call needs it, but without it the web client reports an error.
    missing = home() / "odoo/addons/mail/static/lib/selfie_segmentation"
    missing.mkdir(parents=True, exist_ok=True)
    (missing / "selfie_segmentation.js").touch()
    replace_folder(apt / "archives")
    FETCHED.write_text(f"{fields['Version']} {fields['SHA256']}\n")


def _mirror():
    """Return the address of the Debian mirror that this machine uses."""
    wanted = "$(CREATED_BY)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)"
    names = {os_release().get("VERSION_CODENAME"), "stable", "oldstable"}
    for line in run("apt-get", "indextargets", "--format", wanted).splitlines():
        kind, component, release, address = line.split("|", 3)
        if (kind, component) == ("Packages", "main") and release in names:
            return address
    fail(
        "No Debian mirror found: give apt a source with suite "
        f"{os_release().get('VERSION_CODENAME')} and component main."
    )
