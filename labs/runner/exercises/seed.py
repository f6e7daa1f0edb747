"""What differs between learners: each has a seed, and everything else follows from it."""

import hashlib
import secrets

WORDS = ("apple", "birch", "cedar", "date", "elm", "fig", "grape", "hazel", "ivy", "juniper")


def fresh() -> int:
    """A seed for a new learner."""
    return secrets.randbits(63)


def derived(seed: int, purpose: str) -> int:
    """A number of 64 bits that follows from the seed, another one for each purpose."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:8], "big")


def chosen(seed: int, purpose: str, count: int) -> int:
    """One of so many numbers from 0 on."""
    return derived(seed, purpose) % count


def arguments(seed: int) -> list[str]:
    """The words the learner's program is started with: two to six, all different."""
    count = 2 + derived(seed, "argc") % 5
    return sorted(WORDS, key=lambda word: derived(seed, f"argv {word}"))[:count]


def padding(seed: int) -> int:
    """Bytes of padding before the learner's entry point: a multiple of 16, never 0."""
    return 16 * (1 + derived(seed, "padding") % 1000)
