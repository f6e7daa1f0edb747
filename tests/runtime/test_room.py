"""What checks no stack has room: _StackGuard bytes lie below the guard, and whoever checked has stopped there."""

import functools
import re
import subprocess
from pathlib import Path

GUARD = int(re.search(r"_StackGuard = (\d+);", (Path(__file__).parents[2] / "runtime/stack.hpp").read_text())[1])

# What these put on the stack that they are called on before they leave it for g0: see asm_amd64.S. __morestack's way
# there is what a function takes that checks, and finds no room.
LEAVES = {"runtime.mcall": 56 + 64, "runtime.systemstack": 24, "__morestack": 8 + 216 + 8 + 56 + 64}
ON_G0 = {"runtime.schedule", "runtime.leave"}  # its stack is 64 KB
NO_RETURN = {"runtime.throw", "runtime.badsystemstack"}

CALL = re.compile(r"(call|jmp)\s+(?:[0-9a-f]+ <([^>+]+)>|\*)")
DOWN = re.compile(r"(push\b)|(sub|add)\s+\$(-?0x[0-9a-f]+),%rsp")


def functions(program):
    """name: (whether it checks, bytes below its return address, [(whom it calls, at how many bytes)]). Without the
    bytes that it has asked for."""
    words = ["objdump", "-d", "--no-show-raw-insn", program]
    listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return {
        name: measured(name, body) for name, body in re.findall(r"^[0-9a-f]+ <([^>]+)>:\n((?:.+\n)*)", listing, re.M)
    }


def measured(name, body):
    depth, calls = 0, []
    for line in body.splitlines():
        instruction = line.partition("\t")[2]
        if step := DOWN.match(instruction):
            depth += 8 if step[1] else max(0, signed(step[3]) if step[2] == "sub" else -signed(step[3]))
        elif (call := CALL.match(instruction)) and call[2] != name:
            if call[1] == "call" or call[2]:  # a jump to who knows where is a switch's
                calls.append((call[2], depth + 8 * (call[1] == "call")))
    asked = depth if "%fs:0x70,%r1" in body else 0  # a small frame is not in what the prologue compares
    return "__morestack" in {callee for callee, _ in calls}, depth - asked, [(name, at - asked) for name, at in calls]


def signed(number):
    value = int(number, 16)
    return value - (1 << 64) if value >> 63 else value


def deepest(program):
    """(bytes, the way there), for whoever checked when nothing was left but what lies below the guard."""
    known = functions(program)

    @functools.cache
    def below(name):
        if name is None or name in known and known[name][0]:  # through a pointer: to who checks
            return 8 + LEAVES["__morestack"], (name or "*",)
        if name in LEAVES or name in ON_G0 | NO_RETURN or name not in known:
            return LEAVES.get(name, 0), (name,)
        return through(name)

    def through(name):
        _, depth, calls = known[name]
        ways = [(at + below(callee)[0], (name, *below(callee)[1])) for callee, at in calls if callee != "__morestack"]
        return max([(depth, (name,)), *ways])

    return max(through(name) for name, (checks, _, _) in known.items() if checks)


def test_who_checks_no_stack_has_room(build):
    took, way = deepest(build / "tests/runtime/chans")
    assert took <= GUARD, " calls ".join(way)


def test_from_the_look_at_its_m_or_p_to_their_use_nobody_is_asked_to_give_way(build):
    """gopark and ready do not say that they keep them."""
    known = functions(build / "tests/runtime/chans")
    called = {callee for name in ("runtime.gopark", "runtime.ready", "runtime.runqput") for callee, _ in known[name][2]}
    checked = {callee for callee in called if callee in known and known[callee][0]}
    assert "runtime.mcall" in called and checked <= NO_RETURN
