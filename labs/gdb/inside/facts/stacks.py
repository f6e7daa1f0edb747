"""What stands on the stack of the thread that has stopped."""

from rt0lab.frames import roots

FACTS = ("schedules",)


def schedules() -> int:
    """How many calls of schedule the backtrace shows."""
    return sum(name == "runtime.schedule" for name, *_ in roots.frames())
