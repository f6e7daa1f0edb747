"""JSON with comments, as VS Code's own files are: read as a value, and added to so that all else in it stays, byte for
byte."""

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|[{}\[\]:,]|[^\s{}\[\]:,"/]+', re.S)


class Unreadable(Exception):
    """A text that is no JSON with comments, or not shaped as its reader expects; its text is half a sentence."""


def parsed(text: str) -> Any:
    """The value that a text stands for."""
    try:
        return json.loads(_plain(text))
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON, not even with comments") from None


def with_items(text: str, key: str, items: list[Any]) -> str:
    """The text of an object, with these items as the first ones of its list `key`; the list is made if there is
    none."""
    before = parsed(text)
    if not isinstance(before, dict) or not isinstance(before.get(key, []), list):
        raise Unreadable(f'it is no object with a list "{key}"')
    place, empty = _list(text, key), not before.get(key)
    if place is None:
        place, empty = _tokens(text)[0].end(), not before
        added = f'"{key}": [{_indented(items, 8)}\n    ]'
        added = f"\n    {added}" + ("\n" if empty else ",")
    else:
        added = _indented(items, 8) + ("\n    " if empty else ",")
    text = text[:place] + added + text[place:]
    if parsed(text) != before | {key: [*items, *before.get(key, [])]}:
        raise Unreadable(f'it has no single list "{key}" to add to')
    return text


def _indented(items, width):
    return ",".join(
        "\n" + re.sub("^", " " * width, json.dumps(item, indent=4, ensure_ascii=False), flags=re.M) for item in items
    )


def _tokens(text):
    """The tokens that mean something, in order."""
    return [token for token in _TOKEN.finditer(text) if not token[0].startswith(("//", "/*"))]


def _plain(text):
    """The same value without comments and without commas that nothing follows; each character that stays, stays in its
    place."""
    blank = list(re.sub(r"\S", " ", text))
    tokens, end = _tokens(text), 0
    for token, following in zip(tokens, [*tokens[1:], None]):
        if not (token[0] == "," and following and following[0] in "]}"):
            blank[token.start() : token.end()] = token[0]
    for token in _TOKEN.finditer(text):  # what is no token stays, for json to complain of
        blank[end : token.start()] = text[end : token.start()]
        end = token.end()
    blank[end:] = text[end:]
    return "".join(blank)


def _list(text, key):
    """The place behind the bracket that opens the outermost object's list `key`; None if there is none."""
    depth, tokens = 0, _tokens(text)
    for token, colon, bracket in zip(tokens, tokens[1:], tokens[2:]):
        depth += (token[0] in "{[") - (token[0] in "}]")
        if depth == 1 and (colon[0], bracket[0]) == (":", "[") and token[0][0] == '"' and json.loads(token[0]) == key:
            return bracket.end()
    return None
