"""Packets of gdb's remote serial protocol: bytes to packets and back. No gdb in it, and nothing of what packets mean.

$PAYLOAD#SS    SS is the sum of PAYLOAD's bytes, in hex; }, $, # and * stand in it as } and the byte xor 32
+ -            the last packet came well, or must be sent again; no longer used after QStartNoAckMode
0x03           the user wants the program stopped
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

from ..words import later

MAX_PAYLOAD = 1 << 17  # what a packet may hold, said in the answer to qSupported
# ours: is this a view, to look at? Others answer with nothing, as to all that they do not know
IS_VIEW, YES = b"qRt0LabView", b"1"
VIEW = later("this is a view of goroutines to look at: nothing runs here and nothing can be changed")


class Sign(enum.Enum):
    """What stands between packets."""

    ACK = b"+"
    NAK = b"-"
    BREAK = b"\x03"
    BAD = b""  # a packet that did not come well


class Reader:
    """Turns what comes in, in pieces of any size, into payloads and signs. No input makes it fail or grow."""

    def __init__(self) -> None:
        self._buffer = bytearray()  # what is not understood yet: nothing, or a packet that has begun
        self._signs = {sign.value[0]: sign for sign in Sign if sign.value}

    def feed(self, data: bytes) -> Iterator[bytes | Sign]:
        """Yields a payload (bytes) for a good packet, a Sign for everything else that means something."""
        self._buffer += data
        while self._buffer:
            if self._buffer[0] != ord("$"):
                yield from self._between()
                continue
            end = self._buffer.find(b"#", 1, MAX_PAYLOAD + 2)
            if end < 0 and len(self._buffer) <= MAX_PAYLOAD + 1 or 0 <= end > len(self._buffer) - 3:
                return  # more must come
            if end < 0:
                del self._buffer[0]  # longer than any packet; what follows, up to a $, is noise
                yield Sign.BAD
                continue
            again = self._buffer.rfind(b"$", 1, end)
            if again > 0:  # the packet before was cut off
                del self._buffer[:again]
                yield Sign.BAD
                continue
            payload, checksum = bytes(self._buffer[1:end]), bytes(self._buffer[end + 1 : end + 3])
            del self._buffer[: end + 3]
            yield unescaped(payload) if checksum.lower() == _checksum(payload) else Sign.BAD

    def _between(self):
        """Takes what stands before the next packet."""
        start = self._buffer.find(b"$")
        noise = bytes(self._buffer[: start if start >= 0 else len(self._buffer)])
        del self._buffer[: len(noise)]
        yield from (self._signs[byte] for byte in noise if byte in self._signs)


def packet(payload: bytes) -> bytes:
    """A payload as it goes over the line."""
    for byte in b"}$#*":  # } first: the others bring new ones
        payload = payload.replace(bytes((byte,)), bytes((0x7D, byte ^ 0x20)))
    return b"$%b#%b" % (payload, _checksum(payload))


def unescaped(payload: bytes) -> bytes:
    """What was meant by the bytes between $ and #."""
    first, *rest = payload.split(b"}")
    return first + b"".join(bytes((part[0] ^ 0x20,)) + part[1:] for part in rest if part)


def _checksum(payload):
    return b"%02x" % (sum(payload) & 0xFF)
