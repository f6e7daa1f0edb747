"""Which moment is read: the present, or one that was kept."""

_past = None  # the history.Moment that is read instead of the program


class reading:
    """While this lasts, all that reads here reads a moment of the past."""

    def __init__(self, moment):
        self._moment = moment

    def __enter__(self):
        global _past
        self._before, _past = _past, self._moment

    def __exit__(self, *_):
        global _past
        _past = self._before


def moment():
    """The moment of the past that is read, or None: the present."""
    return _past
