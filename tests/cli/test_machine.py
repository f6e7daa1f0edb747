"""A machine that refuses: ptrace and personality, taken away from the lab by a seccomp filter as containers do it."""

import ctypes
import errno
import struct

import pytest

PTRACE, PERSONALITY = 101, 135  # system call numbers of x86-64


def refusing(number):
    """A function for a child to call before it starts: from then on this system call fails with EPERM."""
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),  # load the system call's number
            (0x15, 0, 1, number),  # if it is this one,
            (0x06, 0, 0, 0x00050000 | errno.EPERM),  # fail with EPERM,
            (0x06, 0, 0, 0x7FFF0000),  # else go on
        )
    )

    def apply():
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(program)
        filter_program = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
        assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges, which a filter requires
        assert libc.prctl(22, 2, filter_program, 0, 0) == 0, "seccomp is not available"

    return apply


@pytest.mark.parametrize("verb", [["tour"], ["gdb"], ["trace", "-o", "/dev/null"]], ids=lambda words: words[0])
def test_ptrace_refused(launched, one_line, verb):
    assert "refuses ptrace" in one_line(launched(*verb, preexec_fn=refusing(PTRACE)), 3)


def test_doctor_reports_ptrace_refused(launched):
    result = launched("doctor", preexec_fn=refusing(PTRACE))
    assert result.returncode == 3 and "missing ptrace" in result.stdout


def test_doctor_names_the_filter_that_refuses_ptrace(launched):
    assert "a filter of system calls refuses it" in launched("doctor", preexec_fn=refusing(PTRACE)).stdout


def test_doctor_says_what_grading_lacks_without_a_sandbox(monkeypatch):
    from runner.host import sandbox
    from runner.verbs import doctor

    monkeypatch.setattr(sandbox, "possible", lambda: (False, "no bubblewrap"))
    found, _, what, advice = next(doctor.for_grading())
    assert not found and what.startswith("sandbox") and advice.startswith("no bubblewrap; ")


def test_doctor_reports_randomisation_but_does_not_mind(launched):
    result = launched("doctor", preexec_fn=refusing(PERSONALITY))
    assert result.returncode == 0 and "note    addresses" in result.stdout


def test_randomised_addresses_change_nothing_that_a_trace_shows(deterministic):
    assert deterministic(preexec_fn=refusing(PERSONALITY)) == deterministic()
