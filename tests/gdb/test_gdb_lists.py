"""What the lists say of a moment is of that moment: no wait that is over, no P that is gone, no list that ends where we
stopped reading."""

START = """
from rt0lab.goroutines import census
from rt0lab.program import bulk
stops.toward({program.world().address('main.ready')}, 'run')
def put(kind, address, **values):
    for name, value in values.items():
        leaf = program.world().layout(kind).at[name.replace('__', '.')]
        gdb.selected_inferior().write_memory(address + leaf.offset, value.to_bytes(leaf.size, 'little'))
rows = census.Census().rows
running = next(row for row in rows if row.m)
waiting = [row for row in rows if row.waiting]
status = {name: value for value, name in program.world().names(*program.world().G_STATUS).items()}
def of(row): return next(r for r in json.loads(do('info goroutines -json')) if r['id'] == row.goid)
"""


def test_for_how_long_is_said_only_of_what_waits(gdb_json, parked):
    """Who runs or is ready has a note of its last wait, if the runtime made one."""
    script = (
        START
        + """
ready = waiting[0]
for row in (running, ready, waiting[1]):
    put('g', row.addr, waitsince=clock.now() - 5_000_000_000)
put('g', ready.addr, atomicstatus=status['_Grunnable'])
result = [of(row)['waited_ns'] is not None for row in (running, ready, waiting[1])]
"""
    )
    assert gdb_json(parked, script) == [False, False, True]


def test_a_p_that_went_to_another_m_is_not_shown_as_its_own(gdb_json, parked):
    """Go 1.10 leaves m.p as it was during a system call."""
    script = (
        START
        + """
m = program.read_struct('m', running.m)
put('g', running.addr, atomicstatus=status['_Gsyscall']); put('p', m.get('p'), m=0)
shown = next(line for line in do('info goroutines').splitlines() if ' syscall' in line)
result = [of(running)['p'], f"(had p{program.read_struct('p', m.get('p')).get('id')})" in shown,
    'p nil (had ' in do('info ms')]
"""
    )
    assert gdb_json(parked, script) == [None, True, True]


QUEUE = (
    START
    + """
def queue(addresses):
    sched, at = program.variable('sched'), program.world().layout('schedt').at
    head = 'runq__head' if 'runq.head' in at else 'runqhead'
    size = 'runq__size' if 'runq.size' in at else 'runqsize'
    put('schedt', sched.addr, **{head: addresses[0], size: len(addresses)})
    for address, link in zip(addresses, [*addresses[1:], 0]):
        put('g', address, schedlink=link)
gs = [row.addr for row in waiting]
"""
)


def test_a_queue_of_thousands_is_read_to_its_end(gdb_json, parked):
    script = (
        QUEUE.replace("stops.toward", "do('set args 5000'); stops.toward")
        + """
queue(gs)
found = json.loads(do('info sched -json'))
verdict = next(r.verdict for r in checks.run(snapshot.Snapshot()) if 'runqsize' in r.name)
line = next(line for line in do('info sched').splitlines() if 'global queue' in line)
result = [len(gs) > 4999, len(found['runq']) == len(gs), found['not_whole'], verdict, len(line) < 80,
    line.endswith(' more')]
"""
    )
    assert gdb_json(parked, script) == [True, True, {}, "ok", True, True]


def test_a_queue_in_a_circle_says_so(gdb_json, parked):
    script = (
        QUEUE
        + """
queue(gs[:2]); put('g', gs[1], schedlink=gs[0])
result = [json.loads(do('info sched -json'))['not_whole'], 'in a circle' in do('info sched')]
"""
    )
    not_whole, said = gdb_json(parked, script)
    assert list(not_whole) == ["runq"] and "circle" in not_whole["runq"] and said


def test_a_short_form_shows_that_there_is_more(gdb_json, parked):
    script = (
        QUEUE.replace("stops.toward", "do('set args 20'); stops.toward")
        + """
queue(gs[:3]); short = do('print ' + ("'runtime.sched'" if program.world().is_go else 'sched'))
queue(gs[:12]); long = do('print ' + ("'runtime.sched'" if program.world().is_go else 'sched'))
result = [' ...]' in short, ' ...]' in long]
"""
    )
    assert gdb_json(parked, script) == [False, True]


def test_a_list_that_is_longer_than_what_was_read_is_cut(gdb_json, parked):
    script = (
        QUEUE + "queue(gs[:3]); found = program.global_queue(program.variable('sched'), limit=2); result = [len(found),"
        " found.cut]"
    )
    assert gdb_json(parked, script) == [2, True]
