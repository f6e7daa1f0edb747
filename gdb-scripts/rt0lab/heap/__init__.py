"""The program's heap: its objects, what points into it, and who is reached from where. Uses program.

`spans.of_program()` knows the objects, `variables` and `specials` what keeps them, `marker` follows the words in them.
"""

from __future__ import annotations

from collections.abc import Collection

from . import native
from .marking import Marker
from .spans import Object, Spans, of_program

__all__ = ["Marker", "Object", "Spans", "marker", "of_program"]


def marker(spans: Spans, opaque: Collection[int], seconds: float) -> Marker | native.Marker:
    """What marks the objects of these spans in so much time; see Marker. A library does it where it has been built."""
    return native.marker(spans, opaque, seconds) or Marker(spans, opaque, seconds)
