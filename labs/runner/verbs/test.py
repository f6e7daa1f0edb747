"""`lab test`: builds with both compilers and both build types, then runs pytest over tests/; `lab test --matrix` tries
other Gos and gdbs instead, `lab test --sanitize` the core with the compiler's sanitizers."""

import os
import signal
from argparse import REMAINDER

from rt0lab.words import tr

from ..host import build, modules, needs, packages, permits
from ..matrix import every
from ..tree import ROOT
from . import Verbs

MATRIX, SANITIZE = "--matrix", "--sanitize"


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "test",
        help=tr("build everything and run the tests"),
        description=tr(
            "Builds everything and runs the tests; further arguments go to pytest. {matrix} looks at one "
            "program with each Go under each gdb, built in each way, live and as a core file, and holds "
            "what it sees against the program's own runtime.Stack. A part of it: go=1.19|1.24|1.26|1.27, "
            "gdb=13|16|18, build=N-l|default|cgo|pie, look=live|core. What is not on this machine comes "
            "from other Debian suites into ~/.cache/rt0lab; nothing is installed. {sanitize} runs the tests' programs "
            "with AddressSanitizer, ThreadSanitizer and UndefinedBehaviorSanitizer in the runtime, and fuzzes what it "
            "reads.",
            matrix=MATRIX,
            sanitize=SANITIZE,
        ),
        usage=f"./lab test [PYTEST ARGUMENTS...]\n./lab test {MATRIX} [KEY=VALUE,...]\n"
        f"./lab test {SANITIZE} [PYTEST ARGUMENTS...]",
        example=f"./lab test tests/gdb -k printers\n./lab test {MATRIX} go=1.27,gdb=18",
    )
    verb.add_argument(MATRIX, nargs="?", metavar="KEY=VALUE,...", help=tr("other Gos and gdbs instead"))
    verb.add_argument(SANITIZE, action="store_true", help=tr("the runtime with the compiler's sanitizers instead"))
    verb.add_argument("words", nargs=REMAINDER, metavar="PYTEST ARGUMENTS", help=tr("further arguments go to pytest"))


def run(argv: list[str]) -> int:
    """Becomes pytest, so that its closing line and exit status are ours."""
    if argv[:1] == [MATRIX]:
        return every.run(argv[1:])
    packages.ensure(needs.ALL)
    modules.ensure()
    if argv[:1] == [SANITIZE]:
        meanwhile = tr("building the runtime with the compiler's sanitizers")
        build.made("sanitize", meanwhile)
        build.made("fuzz", meanwhile, "clang++")
        argv = [*argv, "tests/sanitize", "tests/fuzz"]
    else:
        for cxx in ("g++", "clang++"):
            for buildtype in ("debug", "release"):
                build.build(buildtype, cxx)
    os.chdir(ROOT)
    workers = [] if any(argument.startswith("-n") or argument == "--pdb" for argument in argv) else ["-n", "auto"]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # also in the background, where a shell has it ignored
    # -I for this Python, the environment for those that it starts; -m alone would also look into the folder.
    os.execve("/usr/bin/python3", ["/usr/bin/python3", "-I", "-m", "pytest", *workers, *argv], permits.without_python())
