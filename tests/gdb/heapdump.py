"""Reads what debug.WriteHeapDump wrote: Go's own word for which objects there are and which pointers are where.

Its format is described in Go's wiki (heapdump15-through-heapdump17): records of numbers, of texts with their lengths
before them, and of fields, which are pointers' offsets.
"""

import struct

# The records by their tags: n is a number, s a text, f fields.
_RECORDS = {
    1: "nsf",  # an object
    2: "sn",
    3: "nnsn",
    4: "nnnnnnnnsnnnn",
    5: "nnnsnnnsf",
    6: "nnnnssn",
    7: "nnnnn",
    8: "nn",
    9: "nnn",
    11: "nnnnn",
    12: "nsf",  # variables
    13: "nsf",
    14: "nnnnnnn",
    15: "nnnnnn",
}
_OBJECT, _VARIABLES = 1, (12, 13)


class Dump:
    """`sizes` of the objects, `pointers` in each, `variables`: the pointers in those."""

    def __init__(self, data):
        self._data, self._at = data, data.index(b"\n") + 1
        self.sizes, self.pointers, self.variables = {}, {}, []
        while (tag := self._n()) in _RECORDS:
            record = [getattr(self, "_" + kind)() for kind in _RECORDS[tag]]
            if tag == _OBJECT or tag in _VARIABLES:
                address, memory, fields = record
                found = [struct.unpack_from("<Q", memory, offset)[0] for offset in fields]
                if tag == _OBJECT:
                    self.sizes[address], self.pointers[address] = len(memory), found
                else:
                    self.variables += found

    def _n(self):
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def _s(self):
        size = self._n()
        self._at += size
        return self._data[self._at - size : self._at]

    def _f(self):
        found = []
        while self._n():
            found.append(self._n())
        return found

    def reached(self, at):
        """The objects that variables lead to; `at` gives the object around an address, or None."""
        found, left = set(), list(self.variables)
        while left:
            base = at(left.pop())
            if base in self.pointers and base not in found:
                found.add(base)
                left += self.pointers[base]
        return found
