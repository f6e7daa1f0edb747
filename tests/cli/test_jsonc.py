"""runner/editors/jsonc.py: what is read of JSON with comments, and that adding to it leaves the rest of it alone."""

import pytest
from runner.editors import jsonc

COMMENTED = """\
// Mine. { [ "configurations": [
{
    "version": "0.2.0", /* "configurations": [ */
    "configurations": [
        { "name": "a // b", "ports": [1, 2,], },   // the one
    ],
}
"""


def test_comments_and_last_commas_mean_nothing():
    assert jsonc.parsed(COMMENTED) == {"version": "0.2.0", "configurations": [{"name": "a // b", "ports": [1, 2]}]}


@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        "{}",
        "{ // nothing\n}",
        '{"configurations": []}',
        '{"configurations":[ /* none */ ],}',
        '{"folder": {"configurations": [1]}}',
        '{"a": "\\"configurations\\": ["}',
    ],
)
def test_items_are_added_and_nothing_else_changes(text):
    added = jsonc.with_items(text, "configurations", [{"name": "new"}])
    assert jsonc.parsed(added)["configurations"] == [{"name": "new"}, *jsonc.parsed(text).get("configurations", [])]
    rest = iter(added)
    assert all(character in rest for character in text)  # in this order: only insertions


def test_a_comment_stays_where_it_was():
    assert COMMENTED.splitlines()[4] in jsonc.with_items(COMMENTED, "configurations", [{}]).splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{a: 1}",
        '{"a" 1}',
        '{"a": 1',
        '{"a": 1, , "b": 2}',
        '{"a": 1} x',
        '{"a": "x\ny"}',
        "/* */",
        '{"a": 1} /',
        "[" * 100_000,
    ],
)
def test_what_is_no_json_is_said_to_be_none(text):
    with pytest.raises(jsonc.Unreadable):
        jsonc.with_items(text, "configurations", [{}])


@pytest.mark.parametrize(
    "text", ['{"configurations": {}}', '{"configurations": null}', '{"configurations": [1], "configurations": [2]}']
)
def test_a_list_that_is_not_there_once_is_not_added_to(text):
    with pytest.raises(jsonc.Unreadable):
        jsonc.with_items(text, "configurations", [{}])
