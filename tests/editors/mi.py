"""A small client of gdb's machine interface, as much of it as an editor speaks."""

import re

from talking import PATIENCE, Talk

_RECORD = re.compile(r"(\d*)([\^*=+])([\w-]+)(.*)", re.S)
_STREAM = {"~": "console", "@": "target", "&": "log"}
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"e": b"\x1b", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Refused(Exception):
    """gdb answered a command with ^error; the text is its sentence."""


class Mi(Talk):
    """`command` gives a result's fields, `wait` an event's (`stopped`, `running`, `thread-created`...).

    editor = Mi("build/debug/runtime/programs/hello")
    editor.command("-break-insert main.main")
    editor.command("-exec-run")
    editor.wait("stopped")["frame"]["func"]
    """

    interpreter = "mi3"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._number = 0

    def send(self, command):
        """Sends a command and returns its number, for `answer`."""
        self._number += 1
        self._send(f"{self._number}{command}\n".encode())
        return self._number

    def answer(self, number, what="answer", seconds=PATIENCE):
        """The fields of the result of a command that was sent; Refused if gdb refused it."""
        message = self.take(lambda each: each["kind"] == "^" and each["token"] == str(number), what, seconds)
        if message["name"] == "error":
            raise Refused(message["fields"].get("msg", ""))
        return message["fields"]

    def command(self, text):
        """Sends a command and waits for the fields of its result."""
        return self.answer(self.send(text), f"result of {text}")

    def console(self, line):
        """A line for gdb's prompt, in MI's own wrapping. If it lets the program run, the result comes as soon as that
        begins."""
        return self.command(f'-interpreter-exec console "{quoted(line)}"')

    def shown(self, line):
        """What a line for gdb's prompt printed, until it was all done."""
        self.output()
        self.console(line)
        self.command("-list-features")  # gdb answers once it is through with the line
        return self.output()

    def wait(self, event, seconds=PATIENCE, **fields):
        """The fields of the next such event that has these."""

        def wanted(message):
            return message["kind"] in "*=+" and message["name"] == event and fields.items() <= message["fields"].items()

        return self.take(wanted, f"event {event} {fields or ''}".rstrip(), seconds)["fields"]

    def events(self, name):
        """The fields of all such events that came and were not waited for."""
        return [
            message["fields"] for message in self.taken(lambda each: each["kind"] in "*=+" and each["name"] == name)
        ]

    def output(self, stream="console"):
        """What gdb wrote to one of its streams since the last call: console, target, log; `other` is the program's
        own."""
        return "".join(message["text"] for message in self.taken(lambda each: each["kind"] == stream))

    def _message(self, stream):
        line = stream.readline().decode(errors="surrogateescape")
        return parsed(line) if line else None


def quoted(text):
    """A text as it stands between the quotation marks of an MI command."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def parsed(line):
    """A line of MI's output: {"kind", "token", "name", "fields"} for a record, {"kind", "text"} for all else."""
    line = line.rstrip("\r\n")
    if record := _RECORD.fullmatch(line):
        token, kind, name, rest = record.groups()
        return {"kind": kind, "token": token, "name": name, "fields": _fields(rest.removeprefix(","))}
    if line[:1] in _STREAM and (text := _TEXT.fullmatch(line[1:])):
        return {"kind": _STREAM[line[0]], "text": _unescaped(text[1])}
    return {"kind": "prompt" if line.strip() == "(gdb)" else "other", "text": line + "\n"}


def _fields(text):
    fields, at = _results(text, 0)
    assert at == len(text), f"MI's line goes on where it should end: {text[at:]}"
    return fields


def _results(text, at):
    """name=value, name=value..., and where they end. What is named twice becomes a list."""
    fields = {}
    while name := re.compile(r"[\w-]+=").match(text, at):
        key = name[0][:-1]
        value, at = _value(text, name.end())
        fields[key] = (
            value if key not in fields else [*(fields[key] if isinstance(fields[key], list) else [fields[key]]), value]
        )
        at += text.startswith(",", at)
    return fields, at


def _value(text, at):
    if text[at] == "{":
        fields, at = _results(text, at + 1)
        assert text[at] == "}", f"MI's tuple does not end: {text[at:]}"
        return fields, at + 1
    if text[at] == "[":
        return _items(text, at + 1)
    found = _TEXT.match(text, at)
    return _unescaped(found[1]), found.end()


def _items(text, at):
    """A list's values. Where each has a name it is the same one, and says nothing."""
    items = []
    while text[at] != "]":
        at += len(re.compile(r"(?:[\w-]+=)?").match(text, at)[0])
        value, at = _value(text, at)
        items.append(value)
        at += text[at] == ","
    return items, at + 1


def _unescaped(text):
    raw = text.encode(errors="surrogateescape")
    return _ESCAPE.sub(
        lambda found: bytes([int(found[1], 8)]) if len(found[1]) == 3 else _PLAIN.get(found[1], found[1]), raw
    ).decode(errors="replace")
