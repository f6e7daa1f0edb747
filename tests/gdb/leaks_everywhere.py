"""The collection of leaks/ with other Gos and gdbs, live and as a core, and Go's own leak profile beside it:
`python3 leaks_everywhere.py [go=1.27,gdb=18,build=N-l,look=core,each=yes]`, a line for each; each=yes runs each program
in a process of its own. No part of continuous integration."""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "labs"), str(ROOT / "gdb-scripts")]

import gdbrun  # noqa: E402
import leaking  # noqa: E402
from runner.host import suites  # noqa: E402

AXES = {
    "go": ["1.19", "1.24", "1.26", "1.27"],
    "build": ["N-l", "default", "cgo", "pie", "handover"],
    "gdb": ["13", "16", "18"],
    "look": ["live", "core"],
    "each": ["no", "yes"],
}
FLAGS = {"N-l": ["-gcflags=all=-N -l"], "pie": ["-buildmode=pie"], "handover": ["-tags=handover"]}
PATIENCE = 300  # seconds for one program, and for one look at it


def chosen(words):
    """{axis: its values} that words like `go=1.27` leave; each=no if nothing is said of it."""
    wanted = {}
    for part in filter(None, ",".join(words).split(",")):
        key, _, value = part.partition("=")
        if value not in AXES.get(key, ()):
            raise SystemExit(f"{part}: none of {AXES}")
        wanted.setdefault(key, []).append(value)
    return {"each": ["no"]} | {
        key: wanted.get(key, values) for key, values in AXES.items() if key != "each" or wanted.get(key)
    }


def build(go, how, folder):
    """(The executable, what is true of it); Go's leak profile in it where this Go has one."""
    path = folder / f"leaks-{pathlib.Path(go).name}-{how}"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "1" if how == "cgo" else "0",
    }
    command = [go, "build", *FLAGS.get(how, []), "-o", path, "."]
    for experiment in ("goroutineleakprofile", ""):  # who does not know it, or has it anyway, refuses it
        done = subprocess.run(
            command, cwd=leaking.SOURCES, env=environment | {"GOEXPERIMENT": experiment}, capture_output=True, text=True
        )
        if not done.returncode:
            break
    else:
        raise SystemExit(f"{go} cannot build it: {done.stderr[-500:]}")
    names = subprocess.run([path, "-list"], capture_output=True, text=True, check=True).stdout.split()
    return path, names, leaking.truths(set(names))


def by_itself(path, folder, words=()):
    """Lets it settle without a debugger; what Go's profile says: {function: how many}, None if it has none."""
    profile = folder / "profile.txt"
    profile.unlink(missing_ok=True)
    with subprocess.Popen(
        [path, *words], env=os.environ | {"LEAK_PROFILE": str(profile)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
    if not profile.exists():
        return None
    kinds = leaking.stacks(profile.read_text())
    return leaking.counted([each for each, (state, _) in kinds.items() if "leaked" in state], kinds)


def against_go(counts, known):
    """Sentences: where Go's own profile says other than the truths say that it does."""
    found = []
    for truth in known:
        said = "go-errs" in truth.notes or truth.verdict == "leaked" and "go-silent" not in truth.notes
        if counts[truth.function] != (truth.count if said else 0):
            found.append(f"Go calls {counts[truth.function]} of {truth.count} {truth.function} leaked")
    return found


def look(gdb, path, how, folder, words=""):
    """What `rt0 leaks` and `rt0 waits` say of it, in the gdb, and which goroutine is whose."""
    stacks, answer, core, script = (folder / name for name in ("stacks.txt", "answer.json", "core", "look.py"))
    core.unlink(missing_ok=True)
    steps = [
        f"settled({str(stacks)!r}, {words!r})\n" + (f"do('gcore {core}')\n" if how == "core" else "result = ask()\n"),
        *(["result = ask()\n"] if how == "core" else []),
    ]
    for number, step in enumerate(steps):
        answer.unlink(missing_ok=True)
        script.write_text(
            gdbrun.PREAMBLE + leaking.ASK + step + f"with open({str(answer)!r}, 'w') as file: json.dump(result, file)\n"
        )
        opened = ["-ex", f"core-file {core}"] if number else []
        gdbrun.GDB = gdb
        done = gdbrun.run_gdb(path, *opened, "-ex", f"source {script}", cwd=folder)
        if not answer.exists():
            nothing = {"leaked": [], "circle": [], "seconds": 0.0}
            return {**nothing, "not_searched": [(done.stdout + done.stderr)[-600:]]}, {}
    return json.loads(answer.read_text()), leaking.stacks(stacks.read_text())


def one(label, said, kinds, known):
    """Prints a line of figures, and what is wrong."""
    leaked, circle = leaking.counted(said["leaked"], kinds), leaking.counted(said["circle"], kinds)
    wrong, missed = leaking.accused(leaked + circle, known), leaking.missed(leaked, known)
    missed |= leaking.missed(circle, known, "circle")
    all_of = sum(truth.count for truth in known if truth.verdict in ("leaked", "circle"))
    print(
        f"{label:36} {all_of - sum(missed.values()):3} of {all_of:3} found, {sum(wrong.values())} accused wrongly, "
        f"{said['seconds']:.1f} s",
        flush=True,
    )
    for word, what in ("accused", wrong), ("missed", missed), ("not searched", said["not_searched"]):
        if what:
            print(f"    {word}: {what}", flush=True)
    return bool(wrong)


def main(words):
    """Exit status 1 if somebody was accused wrongly or Go's profile says other than the truths."""
    axes, bad = chosen(words), False
    with tempfile.TemporaryDirectory(prefix="rt0lab-leaks-") as name:
        folder = pathlib.Path(name)
        for go, how in itertools.product(axes["go"], axes["build"]):
            path, names, known = build(suites.go(go), how, folder)
            if how == "handover":  # no circle is certain there
                known = [truth for truth in known if truth.verdict != "circle"]
            profile = by_itself(path, folder)
            for sentence in against_go(profile, known) if profile is not None else ():
                print(f"Go {go} {how}: {sentence}", flush=True)
                bad = True
            for gdb, look_at, each in itertools.product(axes["gdb"], axes["look"], axes["each"]):
                for program in names if each == "yes" else [""]:
                    own = [
                        truth for truth in known if not program and truth.program != "busy" or truth.program == program
                    ]
                    said, kinds = look(suites.gdb(gdb), path, look_at, folder, program)
                    bad |= one(f"Go {go} {how}, gdb {gdb}, {look_at} {program}", said, kinds, own)
    return int(bad)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", metavar="KEY=VALUE,...")
    sys.exit(main(parser.parse_args().words))
