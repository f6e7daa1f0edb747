"""./lab bench sched --explain: what an operation does is counted right, the same each time, and as it is written down
in tests/bench/counts.toml."""

import subprocess

import pytest
from runner.bench import explain
from runner.failure import Failure

# A program in which the counter finds what it looks for: a second thread that comes to runtime.sysmon, then main.main,
# which calls main.turn for ever. The stack is aligned to a line where main.turn is entered.
PROGRAM = r"""
        .globl _start, main.main, runtime.sysmon, main.turn
        .section .bss
        .balign 64
data:   .skip 1024
block:  .skip 64
stack:  .skip 4096
top:    .skip 8
        .text
_start: mov $158, %eax                  # arch_prctl(ARCH_SET_FS, block)
        mov $0x1002, %edi
        lea block(%rip), %rsi
        syscall
        mov $56, %eax                   # clone(CLONE_VM|FS|FILES|SIGHAND|THREAD|SYSVSEM, top)
        mov $0x50f00, %edi
        lea top(%rip), %rsi
        xor %edx, %edx
        syscall
        test %eax, %eax
        jnz main.main
runtime.sysmon:
        jmp runtime.sysmon
main.main:
        and $-64, %rsp
        lea data(%rip), %rbx
1:      sub $56, %rsp
        call main.turn
        add $56, %rsp
        jmp 1b
main.turn:
        @
        ret
        .type main.main, @function
        .size main.main, main.turn - main.main
        .type main.turn, @function
        .size main.turn, . - main.turn
"""
# What stands in main.turn, and all that is counted then, beside ret (a load), add, jmp, sub and call (a store): both
# touch one line of the stack.
KNOWN = {
    "nop": (6, 1, 1, 0, 1, 1),
    "mov (%rbx), %rax": (6, 2, 1, 0, 2, 1),
    "mov %rax, (%rbx)": (6, 1, 2, 0, 2, 2),
    "incq (%rbx)": (6, 2, 2, 0, 2, 2),
    "lock incq (%rbx)": (6, 2, 2, 1, 2, 2),
    "xchg %rax, (%rbx)": (6, 2, 2, 1, 2, 2),
    "xchg %rax, %rcx": (6, 1, 1, 0, 1, 1),
    "lock cmpxchg %rcx, (%rbx)": (6, 2, 2, 1, 2, 2),
    "cmpq $0, (%rbx)": (6, 2, 1, 0, 2, 1),
    "mov 60(%rbx), %rax": (6, 2, 1, 0, 3, 1),  # across a line's end
    "mov 56(%rbx), %rax": (6, 2, 1, 0, 2, 1),
    "movups %xmm0, 48(%rbx)": (6, 1, 2, 0, 2, 2),
    "movups %xmm0, 56(%rbx)": (6, 1, 2, 0, 3, 3),
    "lea 512(%rbx), %rax": (6, 1, 1, 0, 1, 1),
    "nopw 512(%rbx)": (6, 1, 1, 0, 1, 1),
    "prefetcht0 512(%rbx)": (6, 1, 1, 0, 1, 1),
    "mov %fs:8, %rax": (6, 2, 1, 0, 2, 1),
    "mov 1016(%rbx), %rax; mov %fs:-8, %rcx": (7, 3, 1, 0, 2, 1),  # the same, which is the last in front of block
    "push %rax; pop %rax": (7, 2, 2, 0, 2, 2),  # below the return address begins another line
    "mov (%rbx), %rax; mov %rax, (%rbx)": (7, 2, 2, 0, 2, 2),
    "lea 4(%rbx), %rdi; mov $16, %ecx; xor %eax, %eax; rep stosq": (9, 1, 2, 0, 4, 4),
}


@pytest.fixture(scope="module")
def counter():
    """The counting program."""
    return explain.counter()


def built(folder, turn):
    """(the program with this in main.turn, some turns of it)"""
    source, program = folder / "known.S", folder / "known"
    source.write_text(PROGRAM.replace("        @\n", f"        {turn}\n"))
    subprocess.run(["gcc", "-nostdlib", "-static", "-no-pie", "-o", program, source], check=True)
    return program, explain.turns("", 1, 3, "main.turn", "turn")


@pytest.mark.parametrize("turn", KNOWN)
def test_an_instruction_is_counted_as_what_it_does(tmp_path, turn):
    program, window = built(tmp_path, turn)
    counts = sum(explain.counted(window, program).values(), explain.Counts())
    assert counts == explain.Counts(*KNOWN[turn])


def test_it_says_where_an_operation_is_spent(tmp_path):
    program, window = built(tmp_path, "nop")
    assert {name: each.instructions for name, each in explain.counted(window, program).items()} == {
        "main.main": 4,
        "main.turn": 2,
    }


WAITS = "mov $202, %eax; lea data(%rip), %rdi; xor %esi, %esi; xor %edx, %edx; xor %r10d, %r10d; syscall"
ENDS = "mov $231, %eax; xor %edi, %edi; syscall"


@pytest.mark.parametrize(
    "turn, why", [(WAITS, "waits for another one"), (ENDS, "ended before"), ("ud2", "ended before")]
)
@pytest.mark.parametrize("at", [1, 3])
def test_what_cannot_be_counted_is_said(tmp_path, turn, why, at):
    """Met while it is stepped, and on the way there."""
    program, _ = built(tmp_path, turn)
    with pytest.raises(Failure, match=why):
        explain.counted(explain.turns("", 1, at, "main.turn", "turn"), program)


def test_a_program_without_such_a_function(tmp_path):
    program, _ = built(tmp_path, "nop")
    with pytest.raises(Failure, match="known has no function main.other to count from"):
        explain.counted(explain.turns("", 1, 3, "main.other", "turn"), program)


def test_a_machine_that_does_not_permit_it(tmp_path, monkeypatch):
    fake = tmp_path / "count"
    fake.write_text("#!/bin/sh\necho ptrace is not permitted here >&2\nexit 3\n")
    fake.chmod(0o755)
    program, window = built(tmp_path, "nop")
    monkeypatch.setattr(explain, "counter", lambda: fake)
    with pytest.raises(Failure, match="^ptrace is not permitted here$") as failed:
        explain.counted(window, program)
    assert failed.value.status == 3


@pytest.mark.parametrize(
    "arguments, why",
    [
        (["sched", "--explain", "nonsense"], "there is no figure nonsense to count; there are: all, yield2"),
        (["sched", "--explain", "million-2"], "only what one P does"),
        (["gdb", "--explain", "yield2"], "--explain is for `lab bench sched`"),
        (["--explain", "yield2", "--json", "FILE"], "--explain does not go with --json"),
        (["--explain", "yield2", "--rounds", "3"], "--explain does not go with --rounds"),
        (["sched", "--keep"], "--keep is for `lab bench sched --explain all`"),
    ],
)
def test_wrong_usage(lab, one_line, arguments, why):
    assert why in one_line(lab("bench", *arguments), 2)


def test_the_table_has_80_columns_and_the_sum_of_its_lines(lab):
    result = lab("bench", "--explain", "yield2")  # as nothing else counts, `sched` need not be said
    lines = result.stdout.splitlines()
    rows = [float(line[33:].split()[0]) for line in lines[3 : lines.index("", 3)]]
    assert result.returncode == 0 and max(map(len, lines)) <= 80
    assert sum(rows[:-1]) == pytest.approx(rows[-1], abs=0.05 * len(rows))


def test_the_line_of_a_figure_has_80_columns(monkeypatch, capsys):
    monkeypatch.setattr(explain, "counted", lambda window, path: {"main.main": explain.Counts(*[1234.5] * 6)})
    monkeypatch.setattr(explain, "program", lambda: None)
    monkeypatch.setattr(
        explain, "kept", lambda: {explain.compiler(): dict.fromkeys(explain.WINDOWS, explain.Counts(1000))}
    )
    explain.show_all(keep=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) == 3 + len(explain.WINDOWS)


def test_counts_are_the_same_each_time():
    window, path = explain.WINDOWS["yield2"], explain.program()
    first, *others = [explain.counted(window, path) for _ in range(4)]
    assert others == [first] * 3


@pytest.mark.parametrize("name", explain.WINDOWS)
def test_an_operation_does_what_is_written_down(name):
    """After a change that is meant: ./lab bench sched --explain all --keep"""
    key = explain.compiler()
    if key not in explain.kept():
        pytest.skip(f"no counts are kept for {key}")
    now = sum(explain.counted(explain.WINDOWS[name], explain.program()).values(), explain.Counts())
    assert explain.differs(now, explain.kept()[key][name]) == []


def test_every_figure_that_is_counted_is_written_down():
    assert {key: rows.keys() for key, rows in explain.kept().items()} == {
        key: explain.WINDOWS.keys() for key in explain.kept()
    }


WAS = explain.Counts(100, 10, 10, 0, 4, 2)


@pytest.mark.parametrize(
    "now, said",
    [
        (explain.Counts(102, 10, 10, 0, 4, 2), []),
        (explain.Counts(102.5, 10, 10, 0, 4, 2), ["instructions 102.5, were 100.0"]),
        (explain.Counts(97, 10, 10, 0, 4, 2), ["instructions 97.0, were 100.0"]),
        (explain.Counts(100, 10, 10, 1, 4.2, 2), ["locked 1.0, were 0.0"]),
    ],
)
def test_a_change_of_two_percent_is_one(now, said):
    assert explain.differs(now, WAS) == said


def test_what_is_kept_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(explain, "KEPT", tmp_path / "counts.toml")
    explain.KEPT.write_text("# why\n")
    text = explain.kept_text({"gcc 12": {"yield2": WAS}})
    explain.KEPT.write_text(text)
    assert (text.startswith("# why\n\n["), explain.kept()) == (True, {"gcc 12": {"yield2": WAS}})
