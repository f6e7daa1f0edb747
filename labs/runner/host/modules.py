"""What the tests use of npm, which no Debian package has: into a folder of the user's, by a list with hashes; no
package's script runs."""

import os
import shutil
import subprocess
from pathlib import Path

from rt0lab.words import tr

from ..failure import progress
from ..tree import ROOT
from . import permits

LISTS = ROOT / "tests" / "report" / "npm"  # package.json, and the hashes
SECONDS = 300


def folder() -> Path:
    """Where they are, once `ensure` has brought them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rt0lab" / "npm"


def ensure() -> bool:
    """Brings what the list names, if it is not there as listed. What cannot be had costs the tests that use it, which
    say so."""
    wanted, place = (LISTS / "package-lock.json").read_bytes(), folder()
    try:
        if (place / "brought.json").read_bytes() == wanted:
            return False
    except OSError:
        pass
    progress(tr("bringing what tests use of npm into {folder}", folder=place))
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / "brought.json").unlink(missing_ok=True)
        for file in LISTS.glob("*.json"):
            shutil.copy(file, place)
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(
            words,
            cwd=place,
            check=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=permits.without_python(),
        )
        (place / "brought.json").write_bytes(wanted)
    except (OSError, subprocess.SubprocessError):
        progress(tr("npm could not bring them; the tests that need them will be skipped"))
        return False
    return True
