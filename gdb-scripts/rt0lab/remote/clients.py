"""Who is answered: one debugger at a time. Others, and those of other users, get a sentence. No gdb in it.

A debugger that has asked nothing for a while may have been forgotten, stopped, or cut off; nobody can tell from here.
It stays until another one comes, and then gives way.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Callable, Collection
from typing import Any

from ..formats import packets
from ..words import tr

_REFUSED = 8  # connections that are being told why they are not answered; more are closed at once
_REFUSAL_LASTS = 5  # seconds
_AT_ONCE = 1 << 13  # bytes of questions
_UNREAD = 1 << 20  # bytes of answers that a client may leave unread before no more questions are taken
_ESTABLISHED = "01"  # in /proc/net/tcp


class Gone(Exception):
    """This client has left."""


class Refusal:
    """Stands in for the program: every question gets the same sentence, which gdb prints and then leaves."""

    acknowledge, ended = True, False

    def __init__(self, sentence: str) -> None:
        self._answer = b"E." + sentence.encode()

    def answer(self, payload: bytes) -> bytes:
        """gdb only warns of an error for an answer to qSupported, and asks on; to say it twice would be no better."""
        return b"" if payload.startswith(b"qSupported") else self._answer


class Client:
    """One debugger at the other end of two file descriptors, and who answers it. Never waits for it."""

    def __init__(self, source: int, sink: int, answering: Any) -> None:
        self.source, self.sink, self.answering = source, sink, answering
        self.unsent = bytearray()
        self.came = self.asked = time.monotonic()
        self._reader, self._last = packets.Reader(), b""
        os.set_blocking(sink, False)

    def receive(self) -> None:
        """Takes what has come and answers it; Gone at the end."""
        try:
            data = os.read(self.source, _AT_ONCE)
        except OSError:  # it was cut off
            data = b""
        if not data:
            raise Gone
        self.asked = time.monotonic()
        for item in self._reader.feed(data):
            acknowledge = self.answering.acknowledge
            if isinstance(item, bytes):
                # One write for both: sent by themselves, the two wait for each other's acknowledgement in TCP.
                self._last = packets.packet(self.answering.answer(item))
                self.unsent += (b"+" if acknowledge else b"") + self._last
            elif acknowledge and item is packets.Sign.NAK:
                self.unsent += self._last
            elif acknowledge and item is packets.Sign.BAD:
                self.unsent += b"-"
        self.send()

    def send(self) -> None:
        """Sends what can be sent now; Gone if nobody is there."""
        try:
            while self.unsent:
                del self.unsent[: os.write(self.sink, self.unsent)]
        except BlockingIOError:  # it reads slowly
            pass
        except OSError:
            raise Gone from None


class Desk:
    """Answers whoever comes, until a client lets go of the program or `control` becomes readable."""

    def __init__(
        self,
        program: Callable[[], Any],
        control: socket.socket,
        *,
        idle: float = 0,
        users: Collection[int] | None = None,
    ) -> None:
        """`program()` answers one client: .answer(payload), .acknowledge, .ended. `users`: who may come (uids), None:
        all."""
        self._program, self._control, self._idle, self._users = program, control, idle, users
        self._served: Client | None = None
        self._refused, self._connections = [], {}

    def at_pipe(self, source: int, sink: int) -> None:
        """Serves the one client of two descriptors."""
        self._served = Client(source, sink, self._program())
        while self._served and not self._over():
            self._turn([])

    def at_socket(self, listener: socket.socket) -> None:
        """Serves those who connect, one after the other."""
        listener.setblocking(False)
        while not self._over():
            if listener in self._turn([listener]):
                self._turn([listener])  # the one before may have left since: after its last words comes its end
                self._let_in(listener)
            for client in [c for c in self._refused if time.monotonic() - c.came > _REFUSAL_LASTS]:
                self._forget(client)

    def _over(self):
        return self._stopped() or self._served and self._served.answering.ended and not self._served.unsent

    def _stopped(self):
        return bool(select.select([self._control], [], [], 0)[0])

    def _clients(self):
        return [*filter(None, [self._served]), *self._refused]

    def _turn(self, more):
        """Waits until there is something to do, and does it for the clients."""
        clients = self._clients()
        readable, writable, _ = select.select(
            [self._control, *more, *(c.source for c in clients if len(c.unsent) < _UNREAD)],
            [c.sink for c in clients if c.unsent],
            [],
            1 if self._refused else None,
        )
        for client in clients:
            try:
                if client.sink in writable:
                    client.send()
                if client.source in readable:
                    client.receive()
            except Gone:
                self._forget(client)
        return readable

    def _let_in(self, listener):
        try:
            connection, _ = listener.accept()
        except OSError:  # it has left already
            return
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        refusal = self._refusal(connection)
        if refusal and len(self._refused) >= _REFUSED:
            connection.close()
            return
        if not refusal and self._served:
            self._forget(self._served)
        client = Client(connection.fileno(), connection.fileno(), Refusal(refusal) if refusal else self._program())
        self._connections[client] = connection
        if refusal:
            self._refused.append(client)
        else:
            self._served = client

    def _refusal(self, connection):
        """Why this one is not answered, as a sentence; None if it is."""
        if self._users is not None and user_of(connection) not in self._users:
            return tr(
                "these goroutines are shown to the user who serves them, and to root (lab serve --any-user lifts that)"
            )
        if self._served:
            silent = time.monotonic() - self._served.asked
            if silent < self._idle:
                return tr(
                    "another debugger looks at these goroutines, and asked {silent:.0f} s ago; after {idle:g} s"
                    " without a question it would give way",
                    silent=silent,
                    idle=self._idle,
                )
        return None

    def _forget(self, client):
        if client is self._served:
            self._served = None
        else:
            self._refused.remove(client)
        if client in self._connections:
            self._connections.pop(client).close()


# ---- who is at the other end -----------------------------------------------------------------------------------------


def user_of(connection: socket.socket) -> int | None:
    """The uid of the process that made the other end of a connection; None if this machine does not know."""
    if connection.family == socket.AF_UNIX:
        return struct.unpack(
            "iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
        )[1]
    try:
        here, there = connection.getsockname()[:2], connection.getpeername()[:2]
    except OSError:
        return None
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                rows = [line.split() for line in file][1:]
        except OSError:  # without IPv6 there is no tcp6
            continue
        for _, local, remote, state, _, _, _, uid, _, inode, *_ in rows:
            # Only while a process holds its end: the kernel shows those of closed ones as root's.
            if (
                state == _ESTABLISHED
                and inode != "0"
                and (_place(local), _place(remote)) == (_packed(there), _packed(here))
            ):
                return int(uid)
    return None


def _place(text):
    """(address, port) of a column of /proc/net/tcp{,6}: words of four bytes as this machine stores them."""
    address, port = text.split(":")
    words = struct.pack(f"={len(address) // 8}I", *(int(address[i : i + 8], 16) for i in range(0, len(address), 8)))
    return words.removeprefix(bytes(10) + b"\xff\xff") if len(words) == 16 else words, int(port, 16)


def _packed(place):
    """The same of what a socket says."""
    host, port = place
    address = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.partition("%")[0])
    return address.removeprefix(bytes(10) + b"\xff\xff") if len(address) == 16 else address, port
