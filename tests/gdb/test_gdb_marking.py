"""The mirror's heap, and marking by the library: what it says is what Python says, also of heaps that make no sense."""

import pytest

START = """
from heaps import Heap
from rt0lab import heap
from rt0lab.heap import marking, native
"""
# (what both markers say of some heaps; rounds of roots, of which one is empty)
BOTH = """
def told(seed, holes):
    one = Heap(seed, holes)
    opaque = [one.word() for _ in range(9)]
    roots = [[one.word() for _ in range(n)] for n in (2, 0, 9)]
    return one, roots, [one.marked(kind, opaque, roots) for kind in (native.marker, marking.Marker)]
"""


def test_the_library_is_there_where_everything_was_built(gdb_json, hello):
    assert gdb_json(hello, START + "result = native.library() is not None")


def test_both_reach_the_same_objects(gdb_json, hello):
    script = START + BOTH
    script += """
result = []
for seed in range(60):
    _, _, (one, other) = told(seed, False)
    result.append([(each.bases, each.objects, each.bytes) for each in (one, other)])
"""
    found = gdb_json(hello, script)
    assert all(one == other for one, other in found) and sum(one[1] for one, _ in found) > 1000


def test_the_library_s_paths_are_borne_out_by_the_words_there(gdb_json, hello):
    script = START + BOTH
    script += """
result = []
for seed in range(20):
    some, roots, (one, _) = told(seed, False)
    result += [(seed, base) for base in one.bases if some.follows(one.path(base), roots) != base]
"""
    assert gdb_json(hello, script) == []


def test_both_leave_the_same_out(gdb_json, hello):
    script = START + BOTH
    script += """
result = []
for seed in range(20):
    _, _, (one, other) = told(seed, True)
    result.append([(each.bases, each.left_out) for each in (one, other)])
"""
    found = gdb_json(hello, script)
    assert all(one == other for one, other in found) and any(left for _, (_, left) in found)


def test_without_the_library_python_marks(gdb_json, hello):
    script = START + "native.library = lambda: None; result = type(heap.marker(Heap(1).spans, (), 1)).__module__"
    assert gdb_json(hello, script) == "rt0lab.heap.marking"


def test_a_library_that_others_may_write_is_not_loaded(gdb_json, hello, tmp_path):
    script = (
        START + f"import pathlib, shutil; there = pathlib.Path({str(tmp_path)!r}) / 'build' / 'debug' / native.NAME\n"
    )
    script += """
found = next(p for p in (native.ROOT / 'build' / f / native.NAME for f in ('release', 'debug')) if p.exists())
there.parent.mkdir(parents=True); shutil.copy(found, there); native.ROOT = pathlib.Path(there.parents[4])
result = []
for mode in (0o755, 0o757):
    there.chmod(mode); native.library.cache_clear(); result.append(native.library() is not None)
"""
    assert gdb_json(hello, script) == [True, False]


def test_when_the_time_is_over_it_says_what_is_left(gdb_json, hello):
    script = START + "one = native.marker(Heap(1).spans, (), -1); one.add(1, [Heap(1).rows[0].start]); "
    script += "result = [one.run(), one.left_out]"
    whole, left = gdb_json(hello, script)
    assert not whole and len(left) == 1


MIRROR = """
from rt0lab import heap
from rt0lab.program import bulk
do('break main.ready'); do('run')
known = heap.of_program()
def words(kind, field, addresses):
    return {one.get(field) for one in bulk.structs(kind, addresses) if one} - {0, None}
"""


@pytest.mark.parametrize("buildtype", ["debug", "release"])
def test_what_the_mirror_waits_on_is_an_object(gdb_json, mirror_program, buildtype):
    """A channel is one, whichever of its bytes is asked for."""
    script = MIRROR + "chans = words('sudog', 'c', words('g', 'waiting', bulk.allgs()[0]))\n"
    script += "result = [known.object_at(c + at).base - c for c in chans for at in (0, 8, 40)], known.problems"
    found, problems = gdb_json(mirror_program("parked", "tests/runtime", buildtype), script)
    assert found and not any(found) and problems == []


def test_what_the_mirror_s_caches_hold_is_no_object(gdb_json, mirror_program):
    script = MIRROR + "caches = bulk.structs('mcache', words('p', 'mcache', program.all_p_addresses()))\n"
    script += "free = [one.array('alloc')[1](kind) for one in caches for kind in range(20)]\n"
    script += "result = [known.object_at(block) for block in free if block]"
    found = gdb_json(mirror_program("parked", "tests/runtime", "debug"), script)
    assert found and not any(found)


def test_what_the_mirror_never_gave_out_is_no_object(gdb_json, mirror_program):
    script = MIRROR + "fresh, end = (program.variable('mheap_').array(name)[1] for name in ('fresh', 'freshend'))\n"
    script += "result = [known.object_at(fresh(kind)) for kind in range(20) if fresh(kind) < end(kind)]"
    found = gdb_json(mirror_program("parked", "tests/runtime", "debug"), script)
    assert found and not any(found)


REFERRERS = """
from rt0lab.heap.referrers import referrers
one = Heap(SEED, HOLES)
program.read = one.read
targets = {base: row.size for row in one.rows[::3] for base in range(row.start, row.end, row.size)}
there, whole = referrers(one.spans, targets, 60)
native.library = lambda: None
result = [[there, whole] == [*referrers(one.spans, targets, 60)], whole, sum(map(len, there.values()))]
"""


def referrers(seed, holes=False):
    return START + REFERRERS.replace("SEED", str(seed)).replace("HOLES", str(holes))


def test_the_library_finds_the_same_referrers(gdb_json, hello):
    same, whole, count = gdb_json(hello, referrers(3))
    assert same and whole and count > 10


def test_referrers_say_where_memory_was_missing(gdb_json, hello):
    assert gdb_json(hello, referrers(3, True))[:2] == [True, False]


def test_referrers_are_all_the_words_that_point_there(gdb_json, hello):
    script = referrers(3) + "import struct\n"
    script += """
every = [(obj.base, row.start + i * row.size, 8 * k)
         for row in one.rows if row.scan for i in range(row.room) if row.live >> i & 1
         for k, w in enumerate(struct.unpack(f'<{row.size // 8}Q', one.read(row.start + i * row.size, row.size)))
         for obj in [one.spans.object_at(w)] if obj and obj.base in targets]
said = [(base, *at) for base, found in there.items() for at in found if one.spans.object_at(base)]
result = sorted(every) == sorted(said)
"""
    assert gdb_json(hello, script) is True


def test_a_damaged_heap_of_the_mirror_s_costs_only_what_it_holds(gdb_json, hello):
    """Spans of any class and length, lists that go anywhere."""
    script = """
import random, time
from rt0lab.heap import mirror
from rt0lab.program import memory
until('main.main')
heap, known, some = program.variable('mheap_'), memory.glance, random.Random(1)
def read(address, size):
    data = known(address, size)
    if not heap.get('table') <= address < heap.get('mapped') or isinstance(data, memory.Unreadable):
        return data
    return bytes(some.choice((byte, byte, some.randrange(4), some.randrange(256))) for byte in bytes(data))
memory.glance = read
result = []
for _ in range(20):
    problems = []
    rows = mirror.rows(problems)
    result.append([all(0 < size <= end - start for start, end, size, _ in rows), bool(problems)])
"""
    found = gdb_json(hello, script)
    assert all(sane for sane, _ in found) and any(said for _, said in found)
