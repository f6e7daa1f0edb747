"""A small client of the Debug Adapter Protocol, as much of it as an editor speaks with gdb."""

import json

from talking import PATIENCE, Talk


class Refused(Exception):
    """gdb answered a request with an error; the text is its sentence."""


class Dap(Talk):
    """`request` gives an answer's body, `wait` an event's.

    editor = Dap("build/debug/runtime/programs/hello")
    editor.launch("main.main")                     # the body of the `stopped` event
    editor.request("stackTrace", threadId=1)["stackFrames"]
    """

    interpreter = "dap"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._number = 0
        self.can = self.request(
            "initialize",
            adapterID="gdb",
            clientID="test",
            linesStartAt1=True,
            columnsStartAt1=True,
            pathFormat="path",
            supportsVariableType=True,
            supportsVariablePaging=True,
            supportsMemoryReferences=True,
            supportsProgressReporting=True,
            supportsInvalidatedEvent=True,
        )
        self.wait("initialized")

    # ---- requests and events -----------------------------------------------------------------------------------------

    def send(self, command, **arguments):
        """Sends a request and returns its number, for `answer`."""
        self._number += 1
        body = json.dumps({"seq": self._number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._send(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._number

    def answer(self, number, what="answer", seconds=PATIENCE):
        """The body of the answer to a request that was sent; Refused if gdb refused it."""
        message = self.take(lambda each: each.get("request_seq") == number, what, seconds)
        if not message["success"]:
            raise Refused(message.get("message", ""))
        return message.get("body") or {}

    def request(self, command, **arguments):
        """Sends a request and waits for the body of its answer."""
        return self.answer(self.send(command, **arguments), f"answer to {command}")

    def wait(self, event, seconds=PATIENCE, **fields):
        """The body of the next such event whose body has these fields."""

        def wanted(message):
            return message.get("event") == event and fields.items() <= (message.get("body") or {}).items()

        return self.take(wanted, f"event {event} {fields or ''}".rstrip(), seconds).get("body") or {}

    def events(self, name):
        """The bodies of all such events that came and were not waited for."""
        return [message.get("body") or {} for message in self.taken(lambda each: each.get("event") == name)]

    def output(self):
        """What came in output events since the last call."""
        return "".join(body["output"] for body in self.events("output"))

    # ---- what an editor does -----------------------------------------------------------------------------------------

    def start(self, *functions, request="launch", **arguments):
        """Breakpoints at these functions, then launch (or attach): the answers' order is gdb's own affair."""
        launch = self.send(request, **arguments)
        self.request("setFunctionBreakpoints", breakpoints=[{"name": name} for name in functions])
        self.request("configurationDone")
        self.answer(launch, f"answer to {request}")

    def launch(self, *functions, **arguments):
        """`start`, and the body of the `stopped` event that follows."""
        self.start(*functions, **arguments)
        return self.wait("stopped")

    def frames(self, thread=1, **arguments):
        """A thread's stack frames."""
        return self.request("stackTrace", threadId=thread, **arguments)["stackFrames"]

    def scopes(self, frame=None, thread=1):
        """{name: reference} of a frame's scopes, of the innermost frame if none is named."""
        frame = self.frames(thread, levels=1)[0]["id"] if frame is None else frame
        return {scope["name"]: scope["variablesReference"] for scope in self.request("scopes", frameId=frame)["scopes"]}

    def variables(self, reference, **arguments):
        """The variables behind a reference."""
        return self.request("variables", variablesReference=reference, **arguments)["variables"]

    def evaluate(self, expression, context="watch", **arguments):
        """An expression's value, as an answer's body; in the context `repl` it is a line for gdb's prompt."""
        return self.request("evaluate", expression=expression, context=context, **arguments)

    def _message(self, stream):
        length = 0
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(stream.read(length)) if line else None
