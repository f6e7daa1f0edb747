"""What a learner types is a number, a name or a list of those, and nothing else."""

import pytest

from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import literals


@pytest.mark.parametrize(
    "text, value",
    [
        ("-8", -8),
        ("+8", 8),
        ("0x1F", 31),
        ("-0x10", -16),
        (" 12 ", 12),
        ("nil", 0),
        ("true", 1),
        ("NULL", 0),
        ("main.main", "main.main"),
        ("main_main()", "main_main"),
        ("&runtime.g0", "runtime.g0"),
        ("'runtime.main'", "runtime.main"),
        ("<runtime.main>", "runtime.main"),
        ("runtime·main", "runtime.main"),
        ("[1, g0, nil]", [1, "g0", 0]),
        ("[]", []),
        ("main ()", "main"),
        ("0x401000 <main.main>", 0x401000),
        ("$1 = 48", 48),
        ("main.main in section .text", "main.main"),
        ("goroutine 7", "g7"),
        ("１２", 12),
        ("“main”", "main"),
        ("「main」", "main"),
    ],
)
def test_values(text, value):
    assert literals.parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1+1",
        "$rsp",
        '$_shell("id")',
        "f(1)",
        "g0.stack.hi - 1",
        "a b",
        "*(long*)0",
        "1; quit",
        "`id`",
        "[[1]]",
        "[1,,2]",
        "--8",
        "0x",
        "1" * 5000,
        "a" * 5000,
        "0x" + "f" * 17,
        "18446744073709551616",
        "١٢",
        "é",
        "a\nb",
        "\x1b[31m",
        "[" * 3000,
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(literals.BadLiteral):
        literals.parse(text)


@pytest.mark.parametrize(
    "text",
    ["ncpu, physPageSize", "[ncpu physPageSize]", "ncpu，physPageSize", "{ncpu、physPageSize}", "(ncpu; physPageSize)"],
)
def test_a_list_is_typed_as_people_type_it(text):
    assert literals.listed(text) == ["ncpu", "physPageSize"]


@pytest.mark.parametrize("text", ["none", "[]", "无", "nothing"])
def test_nothing_is_a_list_too(text):
    assert literals.listed(text) == []


@pytest.mark.parametrize("text", ["a -> b", "a → b", "a, b"])
def test_an_order_may_have_arrows(text):
    assert literals.listed(text, arrows=True) == ["a", "b"]


@pytest.mark.parametrize("text", ["g7->g9", "[g7 -> g9]", "g7 → g9", "g7>g9"])
def test_a_pair_is_one_name(text):
    assert literals.listed(text) == ["g7->g9"]


@pytest.mark.parametrize("text", ["a->b->c", "a, $_shell(1)", "->", ", ".join("a" * 65)])
def test_a_list_of_anything_else_is_refused(text):
    with pytest.raises(literals.BadLiteral):
        literals.listed(text)


def test_full_width_digits_are_digits():
    assert literals.parse("１２") == 12


@pytest.mark.parametrize("value", [1.5, {"a": 1}, [[1]], None, 1 << 70, list(range(65))], ids=str)
def test_values_of_toml_that_are_no_answer(value):
    with pytest.raises(literals.BadLiteral):
        literals.from_toml(value)


@pytest.mark.parametrize("value", [-8, "main.main", [1, "g0"]], ids=str)
def test_written_parses_to_the_same(value):
    assert literals.parse(literals.written(value)) == value


def test_an_empty_list_is_written_as_people_say_it():
    assert literals.listed(literals.written([])) == []


def test_a_refusal_is_safe_to_print():
    with pytest.raises(literals.BadLiteral) as refusal:
        literals.parse("\x1b[2J" + "x" * 500 + "\n")
    assert str(refusal.value).isprintable() and len(str(refusal.value)) <= 40
