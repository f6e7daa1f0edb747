"""The collection of small programs in leaks/: what their sources say is true of them, and what is to be made of what
somebody says of their goroutines."""

import collections
import pathlib
import re

SOURCES = pathlib.Path(__file__).parent / "leaks"
VERDICTS = ("leaked", "circle", "alive", "beyond")
_TRUTH = re.compile(r"// rt0: (\w+) (main\.\w+) (\d+)((?: [a-z-]+)*)\n")
_PROGRAM = re.compile(r'\b(?:program|alone|hidden|circling)\("([\w-]+)"')
_FRAME = re.compile(r"(?m)^([^\s(]\S*?)(?:\[\.\.\.\])?\([^()]*\)$")

Truth = collections.namedtuple("Truth", "program file verdict function count notes")

# Runs in gdb, behind gdbrun's PREAMBLE: to where all has settled, and asks there. `stacks` is where the program notes
# them, `arguments` what it is told; a core has both behind it.
ASK = """
import time
def settled(stacks, arguments=''):
    do(f'set environment LEAK_STACKS {stacks}')
    do(f'set args {arguments}')
    do('break main.ready')
    do('run')
    do('delete')
def ask():
    begun, said = time.monotonic(), do('rt0 leaks -json')
    assert said.startswith('{'), said
    took, evidence = time.monotonic() - begun, json.loads(do('rt0 waits -json'))['evidence']
    circle = [goid for each in evidence if each['verdict'] == 'circle' for goid in each['goroutines']]
    found = json.loads(said)
    leaked = [goid for goid in found['leaked'] if goid not in circle]
    return {**found, 'leaked': leaked, 'circle': circle, 'listed': found['leaked'], 'seconds': took}
def twice():  # what happens to stand in a register of who runs can hide a leak, once
    first = ask()
    do('break main.ready')
    do('continue')
    second = ask()
    both = 'leaked', 'circle', 'listed', 'not_searched'
    return {**second, **{key: sorted({*first[key], *second[key]}) for key in both}}
"""


def truths(programs=None):
    """All that the sources say, in their order; or only of these programs."""
    found = []
    for path in sorted(SOURCES.glob("*.go")):
        waiting = []
        for match in re.finditer(f"{_TRUTH.pattern}|{_PROGRAM.pattern}", path.read_text()):
            verdict, function, count, notes, name = match.groups()
            if name is None:
                waiting.append((verdict, function, int(count), tuple(notes.split())))
            else:
                found += [Truth(name, path.name, *each) for each in waiting]
                waiting = []
        assert not waiting, f"{path.name}: {waiting} stand above no program"
    assert all(truth.verdict in VERDICTS for truth in found)
    return [truth for truth in found if programs is None or truth.program in programs]


def stacks(text):
    """{goroutine: (state, function that a truth names)} of Go's own text of stacks, the outermost such function of
    each; None where there is none."""
    functions, found = {truth.function for truth in truths()}, {}
    for stack in text.split("\n\n"):
        first = re.match(r"goroutine (\d+) .*?\[(.*)\]:", stack)
        if first:
            names = reversed(_FRAME.findall(stack))
            found[int(first[1])] = first[2], next((name for name in names if name in functions), None)
    return found


def counted(ids, kinds):
    """{function: how many of the goroutines}, those of no program left out."""
    return collections.Counter(kinds[each][1] for each in ids if each in kinds and kinds[each][1])


def accused(counts, known):
    """{function: how many} of those who were called leaked, or stuck in a circle, and can be woken."""
    return {t.function: counts[t.function] for t in known if t.verdict == "alive" and counts[t.function]}


def missed(counts, known, verdict="leaked"):
    """{function: how many} of those of whom this is true and was not said."""
    return {
        t.function: t.count - counts[t.function] for t in known if t.verdict == verdict and counts[t.function] < t.count
    }
