"""The run queue, put through random operations beside a plain model of it; and whether that would notice a mistake."""

from collections import deque

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

RING = 256
SETTINGS = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class Model:
    """A P's queue as one would write it down: a bounded queue, a place for the next one, and a common queue for all."""

    def __init__(self, common):
        self.ring, self.next, self.common = deque(), None, common

    def put(self, goid, next):
        if next:
            goid, self.next = self.next, goid
            if goid is None:
                return
        if len(self.ring) == RING:
            self.common += [self.ring.popleft() for _ in range(RING // 2)]
            self.common.append(goid)
        else:
            self.ring.append(goid)

    def get(self):
        if self.next is not None:
            goid, self.next = self.next, None
            return goid, True
        return (self.ring.popleft(), False) if self.ring else None

    def steal(self, other, runnext):
        n = (len(other.ring) + 1) // 2
        if n == 0:
            goid = other.next if runnext else None
            if runnext:
                other.next = None
            return goid
        self.ring += [other.ring.popleft() for _ in range(n)]
        return self.ring.pop()

    def globrunqget(self, max, queues):
        if not self.common:
            return None
        n = min(len(self.common) // queues + 1, len(self.common), max or RING, RING // 2)
        first, *rest = [self.common.popleft() for _ in range(n)]
        for goid in rest:
            self.put(goid, False)
        return first


def machine(rt0lab, RunQueue):
    """A state machine over two queues of this class."""

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.common = deque()
            self.models = [Model(self.common) for _ in range(2)]
            self.queues = [RunQueue() for _ in range(2)]
            self.goid = 0

        which = st.integers(0, 1)

        @rule(i=which, next=st.booleans(), n=st.sampled_from([1, 1, 2, 3, 100, 300]))
        def put(self, i, next, n):
            for _ in range(n):
                self.goid += 1
                self.queues[i].put(self.goid, next)
                self.models[i].put(self.goid, next)

        @rule(i=which, n=st.integers(1, 5))
        def get(self, i, n):
            for _ in range(n):
                assert self.queues[i].get() == self.models[i].get()

        # The scheduler steals when its own ring is empty; a thief that is too full is fatal.
        @precondition(lambda self: any(not model.ring for model in self.models))
        @rule(runnext=st.booleans())
        def steal(self, runnext):
            i = 0 if not self.models[0].ring else 1
            assert self.queues[i].steal(self.queues[1 - i], runnext) == self.models[i].steal(
                self.models[1 - i], runnext
            )

        # Likewise: only for a ring with room.
        @precondition(lambda self: any(len(model.ring) <= RING // 2 for model in self.models))
        @rule(max=st.integers(0, 200))
        def globrunqget(self, max):
            i = 0 if len(self.models[0].ring) <= RING // 2 else 1
            assert self.queues[i].globrunqget(max) == self.models[i].globrunqget(max, 2)

        @rule(i=which)
        def drain(self, i):
            while (goid := self.models[i].get()) is not None:
                assert self.queues[i].get() == goid

        @invariant()
        def same(self):
            for queue, model in zip(self.queues, self.models):
                assert (queue.runq, queue.runnext) == (list(model.ring), model.next)
            assert rt0lab.globrunq() == list(self.common)

        def teardown(self):
            for queue in self.queues:
                queue.close()

    return Machine


def test_the_run_queue_does_what_the_model_does(rt0lab):
    run_state_machine_as_test(machine(rt0lab, rt0lab.RunQueue), settings=SETTINGS)


def mutants(rt0lab):
    """Run queues that are wrong in one way each."""

    class ForgetsRunnext(rt0lab.RunQueue):
        def put(self, goid, next):
            super().put(goid, False)

    class ForgetsInheritance(rt0lab.RunQueue):
        def get(self):
            got = super().get()
            return got and (got[0], False)

    class StealsRunnextUnasked(rt0lab.RunQueue):
        def steal(self, other, runnext):
            return super().steal(other, True)

    class StealsTooLittle(rt0lab.RunQueue):
        def steal(self, other, runnext):
            half, last = len(other.runq) // 2, None
            for _ in range(half):
                last, _ = other.get()
                self.put(last, False)
            return last

    class IgnoresTheLimit(rt0lab.RunQueue):
        def globrunqget(self, max):
            return super().globrunqget(0)

    return ForgetsRunnext, ForgetsInheritance, StealsRunnextUnasked, StealsTooLittle, IgnoresTheLimit


@pytest.mark.parametrize("which", range(5))
def test_a_planted_bug_is_caught(rt0lab, which):
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(
            machine(rt0lab, mutants(rt0lab)[which]), settings=settings(SETTINGS, max_examples=300)
        )


@pytest.fixture
def queues(rt0lab):
    """Makes run queues and closes them at the end of the test."""
    made = []

    def make():
        made.append(rt0lab.RunQueue())
        return made[-1]

    yield make
    for queue in made:
        queue.close()


def test_a_full_ring_gives_half_of_itself_away(rt0lab, queues):
    queue = queues()
    for goid in range(257):
        queue.put(goid)
    assert rt0lab.globrunq() == [*range(128), 256] and queue.runq == list(range(128, 256))


def test_a_thief_without_room_is_fatal(rt0lab, queues):
    thief, victim = queues(), queues()
    for goid in range(400):
        (thief if goid < 200 else victim).put(goid)
    with pytest.raises(rt0lab.Fatal, match="^fatal error: runqsteal: runq overflow$"):
        thief.steal(victim)


def test_after_a_fatal_error_the_queues_are_of_no_use(rt0lab, queues):
    test_a_thief_without_room_is_fatal(rt0lab, queues)
    with pytest.raises(rt0lab.Error, match="unusable"):
        queues().get()


def test_a_goroutine_cannot_wait_twice(rt0lab, queues):
    queue = queues()
    queue.put(7)
    with pytest.raises(rt0lab.Error, match="goroutine 7 is on a queue already"):
        queue.put(7)


def test_a_queue_and_a_runtime_cannot_live_together(rt0lab, queues):
    queues()
    with pytest.raises(rt0lab.Error, match="RunQueue"):
        rt0lab.Runtime()


def test_the_ring_is_in_the_p_too(queues):
    queue = queues()
    queue.put(5)
    assert queue.p.runq[0].goid == 5 and queue.p.runqtail == 1
