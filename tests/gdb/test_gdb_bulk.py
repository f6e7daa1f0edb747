"""Many structures at once: the same values as one by one, and bad memory costs nobody else anything."""

import pytest

START = "from rt0lab.program import bulk; until('main.main'); gs, problem = bulk.allgs()\n"


def test_rows_are_what_single_reads_give(gdb_json, either):
    script = (
        START
        + """
paths = {'id': 'goid', 'pc': 'sched.pc', 'status': 'atomicstatus', 'lo': 'stack.lo'}
one_by_one = [[program.read_struct('g', a).get(path) for path in paths.values()] for a in gs]
together = [[getattr(row, name) for name in paths] for row in bulk.Fields('g', **paths).rows(gs)]
result = together == one_by_one and len(gs) > 2
"""
    )
    assert gdb_json(either, script)


def test_a_bad_address_leaves_the_others_whole(gdb_json, either):
    script = (
        START
        + """
one_by_one = [program.read_struct('g', address).get('goid') for address in gs[:2]]
rows = bulk.Fields('g', id='goid').rows([gs[0], 0x10, gs[1], 1 << 64, (1 << 63) + 8])
result = one_by_one, [row and row.id for row in rows]
"""
    )
    (one, two), rows = gdb_json(either, script)
    assert rows == [one, None, two, None, None]


def test_the_first_of_several_names_counts(gdb_json, either):
    script = (
        START
        + "fields = bulk.Fields('schedt', a='nosuch', b=('nosuch', 'mnext'))\n"
        + "result = fields.rows([program.variable('sched').addr])[0].b"
    )
    assert gdb_json(either, script) >= 1


def test_a_field_that_the_type_lacks_is_none(gdb_json, either):
    assert gdb_json(
        either,
        START + "row = bulk.Fields('g', a='nosuch', id='goid', b='stack.nosuch').rows(gs[:1])[0]; "
        "result = [row.a, row.id, row.b, row.addr == gs[0]]",
    ) == [None, 1, None, True]


def test_structs_keep_the_order_they_were_asked_for(gdb_json, either):
    assert gdb_json(either, START + "result = [g.addr for g in bulk.structs('g', gs[:3][::-1])] == gs[:3][::-1]")


def test_words_end_where_memory_ends(gdb_json, hello):
    script = (
        START
        + """
section = max((s for s in program.world().elf.sections), key=lambda s: s.hi)
end = next(a for a in range(section.hi + 4095 & ~4095, 1 << 40, 4096)
    if isinstance(program.read(a, 1), program.Unreadable))
result = [len(bulk.words(end - 24, 1000)), len(bulk.words(end, 10))]
"""
    )
    assert gdb_json(hello, script) == [3, 0]


def test_allgs_of_absurd_length_is_said_and_bounded(gdb_json, either):
    script = (
        START
        + """
at, layout = program.world().variable('allgs')
for length in (1 << 60, 0xffffffffffffffff, 200):
    gdb.selected_inferior().write_memory(at + layout.at['len'].offset, length.to_bytes(8, 'little'))
    found, said = bulk.allgs()
    if found != gs or not said: break
else:
    result = not problem
"""
    )
    assert gdb_json(either, script)


def test_a_field_that_is_read_later_is_the_same(gdb_json, either):
    script = (
        START
        + """
paths = {'id': 'goid', 'lo': 'stack.lo', 'pc': 'sched.pc'}
def rows(**options): return [(row.id, row.lo, row.pc) for row in bulk.Fields('g', **options, **paths).rows(gs)]
result = rows() == rows(later=('lo', 'pc')) and rows()[0][1] > 0
"""
    )
    assert gdb_json(either, script)


def test_columns_have_zeros_for_what_cannot_be_read(gdb_json, either):
    script = (
        START
        + "found = bulk.Fields('g', id='goid').columns([gs[0], 0x10]); result = found.id, found.addr == [0x10, gs[0]]"
    )
    assert gdb_json(either, script) == [[0, 1], True]


def test_rows_come_in_the_order_of_their_ids(gdb_json, either):
    script = (
        START
        + "from rt0lab.goroutines import census; ids = [row.goid for row in census.Census().rows]; result = ids =="
        " sorted(ids) and len(ids) > 2"
    )
    assert gdb_json(either, script)


DAMAGED = """
array = program.variable('allgs').get('array')
def put(place, value): gdb.selected_inferior().write_memory(array + 8 * place, value.to_bytes(8, 'little'))
"""


@pytest.mark.parametrize(
    "what, value",
    [
        ("allgs[1] is g0", "program.world().variable('g0')[0]"),
        ("allgs[1] is m0's gsignal", "program.variable('m0').get('gsignal')"),
        ("allgs[1] is nil", "0"),
        ("allgs[1] is 0x", "gs[1] + 1"),
        ("allgs holds 1 of them twice", "gs[0]"),
    ],
)
def test_what_is_no_goroutine_is_said_and_is_none(gdb_json, either, what, value):
    script = (
        START
        + DAMAGED
        + f"lost = gs[1]; put(1, {value}); found, said = bulk.allgs(); result = [said, found == [g for g in gs if g !="
        " lost]]"
    )
    said, rest_is_whole = gdb_json(either, script)
    assert what in said and rest_is_whole


def test_a_lost_goroutine_is_missed_in_the_list(gdb_json, either):
    script = (
        START
        + DAMAGED
        + """
put(1, program.world().variable('g0')[0])
result = [do('info goroutines').splitlines()[0],
    [row for row in json.loads(do('info goroutines -json')) if 'problem' in row], do('info goroutines')]
"""
    )
    first, rows, text = gdb_json(either, script)
    assert first.startswith("allgs[1] is g0: no goroutine.") and len(rows) == 1 and " 0 " not in text


def test_the_panel_says_it_too(gdb_json, either):
    script = (
        START
        + DAMAGED
        + "put(1, program.world().variable('g0')[0]); result = do('rt0 panel'), json.loads(do('rt0 panel"
        " -json'))['problem']"
    )
    text, said = gdb_json(either, script)
    assert "allgs[1] is g0: no goroutine" in text and "allgs[1] is g0" in said


@pytest.mark.parametrize("field", ["g0", "gsignal"])
def test_an_m_that_points_at_a_goroutine_takes_nothing_from_it(gdb_json, either, field):
    """The goroutine keeps its name, in lists, in the panel and as an address."""
    script = (
        START
        + f"""
m0 = program.variable('m0'); leaf = m0.layout.at[{field!r}]
gdb.selected_inferior().write_memory(m0.addr + leaf.offset, gs[1].to_bytes(8, 'little'))
result = [program.read_struct('g', gs[1]).get('goid'), snapshot.Snapshot().names.pointer(gs[1]),
    [row['name'] for row in json.loads(do('rt0 panel -json'))['gs']][:2],
          [row['id'] for row in json.loads(do('info goroutines -all -json')) if row.get('address') == gs[1]]]
"""
    )
    goid, name, shown, listed = gdb_json(either, script)
    assert [name, listed] == [f"g{goid}", [goid]] and name in shown


IN_HEAP = "from rt0lab.program import memory; "


def test_the_heap_is_where_the_program_says_its_arenas_are(gdb_json, go_hello):
    script = START + IN_HEAP + "heap = memory.in_heap(); result = [heap(at) for at in (gs[0], 0xDF_FFFF_0000)]"
    assert gdb_json(go_hello, script) == [True, False]


def test_before_there_is_an_arena_the_heap_is_where_go_puts_it(gdb_json, go_hello):
    assert gdb_json(go_hello, IN_HEAP + "do('rt0 run'); result = memory.in_heap()(0xC0_0000_0000)") is True
