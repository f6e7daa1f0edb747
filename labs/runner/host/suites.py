"""Tools of other Debian suites, unpacked into a folder of the user's: nothing is installed, no package's script runs.

`gdb` and `go` give the command of the tool of a version: the machine's own, else that of the first suite whose package
has it. The mirrors are those that apt uses here; one that keeps a single day (a snapshot) has the other suites as they
were that day, or not at all.
"""

import os
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

from ..failure import progress
from . import permits

SUITES = ("bookworm", "trixie", "bookworm-backports", "trixie-backports", "sid")  # the smallest step away first
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH = 24 * 3600  # seconds for which a suite's lists are believed


class NotHere(Exception):
    """Why a tool cannot be had, in a sentence."""


def cache() -> Path:
    """The folder that keeps what was brought, made if it is not there."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rt0lab" / "suites"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def gdb(version: str) -> str:
    """The path of a gdb with Python of this version (`16`); NotHere if there is none."""
    own = shutil.which("gdb")
    if own and _is(version, _said(own, "--version")) and permits.ask_gdb(own)[1]:
        return own
    return str(_of_a_suite("gdb", "gdb", version, _gdb))


def go(version: str) -> str:
    """The path of the `go` of this version (`1.24`); NotHere if there is none."""
    own = shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin")
    if own and _is(version, _said(own, "version")):
        return own
    return str(_of_a_suite("go", f"golang-{version}-go", version, _go))


def _is(version, said):
    """Does the first number that a tool says of itself begin with this version?"""
    found = re.search(r"(\d+(?:\.\d+)+)", said)
    return found is not None and f"{found[1]}.".startswith(f"{version}.")


def _said(*words):
    result = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=_environment()
    )
    return result.stdout.partition("\n")[0]


def _environment():
    return permits.without_python() | {"GOTOOLCHAIN": "local", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def _of_a_suite(tool, package, version, starter):
    """What `starter` makes of the first suite whose package has this version."""
    if not shutil.which("apt-get"):
        raise NotHere(f"{tool} {version} is not on this machine, and there is no apt-get here to bring it")
    why = []
    for name in SUITES:
        try:
            suite = Suite(name)
            offered = suite.offers(package)
            if _is(version, re.sub(r"^\d+:", "", offered)):
                suite.bring(package)
                return starter(suite, version)
            why.append(f"{name} has {offered}" if offered else f"not in {name}")
        except NotHere as reason:
            why.append(f"{name}: {reason}")
    raise NotHere(f"{tool} {version}: {'; '.join(why)}")


class Suite:
    """One suite of Debian's, in a folder with apt's files, what its packages bring (root) and starters (bin)."""

    def __init__(self, name: str) -> None:
        self.name, self.folder = name, cache() / name
        self.root = self.folder / "root"
        for part in ("lists/partial", "archives/partial", "parts", "root", "bin"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()

    def offers(self, package: str) -> str:
        """The version of a package that this suite has; empty if it has none."""
        self._update()
        said = self._apt("apt-cache", "show", "--no-all-versions", package).stdout
        found = re.search(r"(?m)^Version: (\S+)", said)
        return found[1] if found else ""

    def bring(self, package: str) -> None:
        """Unpacks a package with all that it needs, unless it is unpacked."""
        mark = self.folder / f"{package}.unpacked"
        wanted = self.offers(package)
        if mark.exists() and mark.read_text() == wanted:
            return
        progress(f"bringing {package} {wanted} of {self.name} into {self.folder}")
        result = self._apt("apt-get", "-y", "-q", "--download-only", "install", package)
        if result.returncode:
            raise NotHere(f"apt-get could not bring {package} ({_last(result)})")
        for deb in sorted((self.folder / "archives").glob("*.deb")):
            done = subprocess.run(["dpkg-deb", "-x", str(deb), str(self.root)], capture_output=True, text=True)
            if done.returncode:
                raise NotHere(f"{deb.name} cannot be unpacked ({_last(done)})")
            deb.unlink()
        mark.write_text(wanted)

    def starter(self, name: str, words: list[str]) -> Path:
        """A command of this name that runs these words and what it is given."""
        path = self.folder / "bin" / name
        quoted = " ".join(f"'{word}'" for word in words)
        path.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def loaded(self, program: Path) -> list[str]:
        """The words that run a program with the C library that it was built for."""
        loader = next(filter(Path.exists, (self.root / place for place in _LOADERS)), None)
        if loader is None or not program.exists():
            raise NotHere(f"{program.relative_to(self.root)} is not among what was unpacked")
        places = [self.root / place / "x86_64-linux-gnu" for place in ("usr/lib", "lib")]
        return [str(loader), "--library-path", ":".join(map(str, places)), str(program)]

    def _update(self):
        """Brings the lists of the packages; those of a mirror of another day are as good."""
        mark = self.folder / "updated"
        if mark.exists() and time.time() - mark.stat().st_mtime < FRESH:
            return
        reasons = []
        for mirror in mirrors():
            names = dict.fromkeys((self.name.removesuffix("-backports"), self.name))  # the one needs the other
            lines = [f"deb [signed-by={KEYS} check-valid-until=no] {mirror} {name} main\n" for name in names]
            (self.folder / "sources.list").write_text("".join(lines))
            result = self._apt("apt-get", "-q", "update")
            if not result.returncode and not re.search(r"(?m)^[EW]: ", result.stderr):
                mark.touch()
                return
            reasons.append(_last(result))
        raise NotHere(f"its lists cannot be read ({reasons[0] if reasons else 'apt names no mirror of Debian'})")

    def _apt(self, *words):
        options = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": self.folder / "parts",
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder,
            "APT::Default-Release": self.name,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            [words[0], *given, *words[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=_environment(),
        )


_LOADERS = ("usr/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2")


def _gdb(suite, version):
    words = ["env", f"PYTHONHOME={suite.root}/usr", "PYTHONDONTWRITEBYTECODE=1"]
    words += suite.loaded(suite.root / "usr" / "bin" / "gdb")
    path = suite.starter("gdb", [*words, f"--data-directory={suite.root}/usr/share/gdb"])
    if not permits.ask_gdb(str(path))[1]:
        raise NotHere(f"the gdb {version} of {suite.name} does not run here")
    return path


def _go(suite, version):
    place = suite.root / "usr" / "lib" / f"go-{version}"
    for link in filter(Path.is_symlink, place.rglob("*")):
        target = os.readlink(link)
        if target.startswith("/") and (suite.root / target[1:]).exists():
            link.unlink()
            link.symlink_to(suite.root / target[1:])
    path = suite.starter(f"go{version}", ["env", f"GOROOT={place}", "GOTOOLCHAIN=local", str(place / "bin" / "go")])
    if not _is(version, _said(str(path), "version")):
        raise NotHere(f"the go {version} of {suite.name} does not run here")
    return path


def mirrors() -> list[str]:
    """The addresses from which apt has Debian's main archive here, in the order of its own sources."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(LABEL) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    lines = (line.split() for line in said.stdout.splitlines())
    return list(dict.fromkeys(words[2] for words in lines if words[:2] == ["Debian", "main"] and len(words) == 3))


def _last(result):
    """The last thing that a command said."""
    lines = [line for line in (result.stdout + "\n" + result.stderr).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W:"))] or lines
    return errors[-1][:160] if errors else f"exit status {result.returncode}"
