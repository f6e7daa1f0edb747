"""Things by number: a film has each path and value once, and what two runs share under one number."""

import json
from typing import Any


class Numbers:
    """Equal things have one number, their place in `kept`."""

    def __init__(self, *first: Any) -> None:
        self.kept: list[Any] = []
        self._numbers: dict[str, int] = {}
        for thing in first:
            self.of(thing)

    def of(self, thing: Any) -> int:
        """The number of this thing."""
        key = json.dumps(thing)
        if key not in self._numbers:
            self._numbers[key] = len(self.kept)
            self.kept.append(thing)
        return self._numbers[key]
