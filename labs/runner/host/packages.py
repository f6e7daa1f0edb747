"""Installs what is missing with apt-get, and says so; nothing happens when nothing is missing."""

import glob
import os
import shutil
import subprocess
import sys

from rt0lab.words import tr

from ..failure import MACHINE, Failure, progress
from . import needs, permits


def ensure(table: needs.Table) -> list[str]:
    """Installs what is missing of this table; returns the packages it installed."""
    packages = needs.missing(table)
    if packages:
        install(packages)
    return packages


def install(packages: list[str]) -> None:
    """Runs apt-get install, with one apt-get update where the package lists are missing or stale."""
    prefix = apt_get(packages)
    progress(
        tr(
            "installing {names} (with {tool})",
            names=" ".join(packages),
            tool="sudo apt-get" if prefix[0] == "sudo" else "apt-get",
        )
    )
    command = [*prefix, "install", "-y", "--no-install-recommends", *packages]
    result = apt(command) if glob.glob("/var/lib/apt/lists/*_Packages*") else None
    if result is None or result.returncode:
        progress(tr("updating the package lists (apt-get update)"))
        result = apt([*prefix, "update"])
        if result.returncode == 0:
            result = apt(command)
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines()
        print("\n".join(lines[-6:]), file=sys.stderr)
        raise Failure(
            tr("apt-get could not install {names} (its last lines are above)", names=" ".join(packages)), MACHINE
        )
    left = needs.missing({package: needs.ALL[package] for package in packages})
    if left:
        raise Failure(tr("installed, yet still not usable: {names}; see ./lab doctor", names=" ".join(left)), MACHINE)


def apt_get(packages: list[str]) -> list[str]:
    """The beginning of an apt-get command that may install, through sudo where needed; Failure if there is none."""
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise Failure(tr("missing: {names}; there is no apt-get here, install them by hand", names=names), MACHINE)
    # Lock::Timeout: wait for another apt-get instead of failing.
    prefix = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    if os.geteuid() == 0:
        return prefix
    if not shutil.which("sudo"):
        raise Failure(
            tr("missing: {names}; not root and no sudo here, so as root: apt-get install {names}", names=names), MACHINE
        )
    return ["sudo", *([] if sys.stdin.isatty() else ["-n"]), *prefix]


def apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    """One apt-get run, its output kept for the case that it fails."""
    return subprocess.run(
        command,
        stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=permits.without_python(),
    )
