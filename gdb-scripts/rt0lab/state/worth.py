"""Which of the changes between two stops are worth a learner's eye. No gdb in it: the film of a trace asks, too."""

from __future__ import annotations

import re
from typing import Any

# Counters of time and of memory that say nothing about the boot.
_NOISE = """
    fastrand cheaprand lastpoll procresizetime sysmontick timeToRun statsSeq mspancache pcache trackingSeq palloc
    wbBuf deferpool sudogcache chacha8 maxStackScanDelta limiterEvent gcw schedwhen mLockProfile locksHeld pcvalueCache
    cheaprand64 goroutinesCreated nodeOffset initialized self oldm tracking trackingStamp waitTraceSkip
    waitTraceBlockReason preemptGen profStack
""".split()


def _rank(path):
    if path.startswith(("fs_base", "tls_g")):
        return 0
    if path.startswith("g0."):
        return 1
    return {"m0": 2, "p0": 3, "sched": 4}.get(path.partition(".")[0], 5 if re.match(r"g\d", path) else 6)


def interesting(changed: list[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """The changes worth a learner's eye, the closest to the machine first; what is new is one line."""
    fresh = {c[0].rpartition(".")[0]: c[2] for c in changed if c[0].endswith(".status") and c[1] is None}
    changed = [(name, None, status) for name, status in fresh.items()] + [
        c for c in changed if not (c[1] is None and c[0].startswith(tuple(name + "." for name in fresh)))
    ]
    kept = [c for c in changed if not any(part in _NOISE for part in c[0].split("."))]
    slices = {c[0][: -len(".array")] for c in kept if c[0].endswith(".array")}
    kept = [c for c in kept if not (c[0].endswith((".array", ".cap")) and c[0].rpartition(".")[0] in slices)]
    return sorted(kept, key=lambda c: _rank(c[0]))
