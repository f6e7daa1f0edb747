"""Through gdbserver: how many packets a list takes, and that what was read is known no longer than it is true."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(
    not shutil.which("gdbserver"), reason="there is no gdbserver: `apt-get install gdbserver`"
)

LINE = """
from rt0lab.program import bulk, far, memory
def connect(program, *arguments):
    where = ' '.join(['exec gdbserver --once --no-startup-with-shell -', program, *arguments, '2>/dev/null'])
    do('target remote | ' + where)
def packets(command):
    for setting in 'file packets', 'overwrite on', 'redirect on', 'debugredirect on', 'enabled on':
        gdb.execute('set logging ' + setting)
    gdb.execute('set debug remote 1')
    gdb.execute(command)
    gdb.execute('set debug remote 0')
    gdb.execute('set logging enabled off')
    with open('packets', 'rb') as file:  # gdb 16 asks for memory as it is: what it says of its packets is not text
        return file.read().count(b'Sending packet: $')
"""


def far(program, script, *arguments):
    words = ", ".join(map(repr, [str(program), *arguments]))
    return f"{LINE}\nconnect({words})\n{script}"


@pytest.fixture
def counted(gdb_json, parked):
    """[packets of the first list at main.ready, of the next, of one after a step] for 1,000 goroutines."""
    script = """
do('break main.ready'); do('continue')
result = [packets('info goroutines'), packets('info goroutines')]
do('stepi')
result.append(packets('info goroutines'))
"""
    return gdb_json(parked, far(parked, script, "1000"))


def test_a_list_of_a_thousand_takes_few_packets(counted):
    first, again, after = counted
    # gs, sudogs and stacks lie in 2.3 MB; a packet brings 9 KB of them, five stacks.
    assert first < 400 and after < 380 and again < 10


READ = "at = program.world().variable('sched')[0]; before = program.read(at, 8)"


def test_what_was_read_is_known_while_the_program_stands_still(gdb_json, hello):
    script = (
        f"do('break runtime.schedinit'); do('continue'); {READ}\nresult = packets(f'python program.read({{at}}, 8)')"
    )
    assert gdb_json(hello, far(hello, script)) == 0


def test_what_the_user_writes_is_seen(gdb_json, hello):
    script = f"""
do('break runtime.schedinit'); do('continue'); {READ}
do(f'set var *(long *) {{at}} = 77')
result = program.read_word(at)
"""
    assert gdb_json(hello, far(hello, script)) == 77


def test_what_the_program_writes_is_seen(gdb_json, hello):
    script = """
do('break runtime.schedinit'); do('continue')
before = memory.scalar('allm'); do('finish')
result = before, memory.scalar('allm')
"""
    before, after = gdb_json(hello, far(hello, script))
    assert before == 0 != after


def test_nothing_is_kept_where_threads_run_while_one_looks(gdb_json, hello):
    script = (
        f"do('break runtime.schedinit'); do('continue'); {READ}\nresult = packets(f'python program.read({{at}}, 8)')"
    )
    assert gdb_json(hello, "do('set non-stop on')" + far(hello, script)) == 1


HOLE = """
do('break runtime.schedinit'); do('continue')
sp = program.register('rsp')
text = do('info proc mappings')
end = next(int(line.split()[1], 16) for line in text.splitlines() if '[stack]' in line)
"""


def test_the_last_bytes_before_a_hole_can_be_read(gdb_json, hello):
    assert gdb_json(hello, far(hello, HOLE + "result = len(program.read(end - 8, 8))")) == 8


def test_a_hole_costs_its_neighbours_nothing(gdb_json, hello):
    script = """
pieces = bulk.pieces([end - 1000, end - 16, end + 16], 16)
result = [data is not None for data, _, members in pieces for at in members]
"""
    assert gdb_json(hello, far(hello, HOLE + script)) == [True, True, False]


def test_a_damaged_g_costs_one_row(gdb_json, parked):
    script = """
do('break main.ready'); do('continue')
array, count = bulk.listed()
gdb.selected_inferior().write_memory(array + 8 * (count - 2), (0xdead000).to_bytes(8, 'little'))
text = do('info goroutines')
result = text.count('main.leaf'), text.count('<unreadable 0xdead000>')
"""
    leaves, bad = gdb_json(parked, far(parked, script, "100"))
    assert bad == 1 and leaves >= 99


def test_a_thread_is_where_its_registers_say_now(gdb_json, hello):
    script = """
do('break main.main'); do('run'); do('info goroutines')
from rt0lab.frames import stacks
thread = gdb.selected_thread(); before = stacks.of_thread(thread)[0].function
place = program.world().address('runtime.gosched_m')
do(f'set var $rip = {place}')
result = before, stacks.of_thread(thread)[0].function
"""
    before, after = gdb_json(hello, "from rt0lab.program import bulk, far, memory\n" + script)
    assert (before, after) == ("main.main", "runtime.gosched_m")
