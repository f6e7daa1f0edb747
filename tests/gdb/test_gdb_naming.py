"""Threads are called what they are in the runtime: m0 (g1), sysmon; a name of the user's stays."""

import pytest

NAMES = """
def called():
    return {thread.num: thread.name for thread in gdb.selected_inferior().threads()}
def stand():
    do('break main.main'), do('run'), do('delete')
    for _ in range(1000):  # a thread that has just been made is no M yet; while this one steps, others run
        if all(m.get('procid') for m in program.all_ms()):
            break
        do('stepi')
"""


def test_threads_are_called_by_their_m(gdb_json, either):
    names = gdb_json(either, NAMES + "stand(); result = called()").values()
    assert "sysmon" in names and sum(name.startswith("m0") for name in names) == 1


def test_a_name_says_which_goroutine_the_thread_runs(gdb_json, parked):
    script = (
        NAMES
        + """
do('break main.ready'), do('run'); result = []
for thread in gdb.selected_inferior().threads():
    thread.switch()
    g = program.read_struct('g', program.tls_g()[1])
    if g.get('goid'): result.append((thread.name.partition(' ')[2], f"(g{g.get('goid')})"))
"""
    )
    found = gdb_json(parked, script)
    assert found and all(name == its for name, its in found)


def test_the_goroutine_is_left_out_while_the_program_runs(gdb_json, either):
    """It may be another one by the time a breakpoint is hit, and gdb says whose thread that was before a name can be
    changed."""
    script = (
        NAMES
        + """
result = []
class Watch(gdb.Breakpoint):
    def stop(self):
        result.append(gdb.selected_thread().name)
        return True
stand(); Watch('runtime.schedule', temporary=True); before = gdb.selected_thread().name; do('continue')
result = before, result
"""
    )
    before, during = gdb_json(either, script)
    assert "(g1)" in before and [name for name in during if "(g" in name] == []


@pytest.mark.parametrize("first", ["0", "naming.names._given.clear()"], ids=["after ours", "before ours"])
def test_a_name_of_the_users_stays(gdb_json, hello, first):
    script = (
        NAMES
        + f"from rt0lab.goroutines import naming; stand(); do('thread name mine'); {first}; do('stepi'); do('stepi')\n"
        "result = gdb.selected_thread().name"
    )
    assert gdb_json(hello, script) == "mine"


def test_a_name_that_the_user_takes_away_is_ours_again(gdb_json, hello):
    script = (
        NAMES + "stand(); do('thread name mine'); do('stepi'); do('thread name'); do('stepi'); result ="
        " gdb.selected_thread().name"
    )
    assert "(g1)" in gdb_json(hello, script)


def test_nothing_has_a_name_before_there_is_an_m(gdb_json, either):
    assert "m0" not in gdb_json(either, NAMES + "do('rt0 run'); result = list(called().values())")


def test_a_list_of_ms_that_goes_in_a_circle_ends(gdb_json, hello):
    script = (
        NAMES
        + """
stand(); m = program.all_ms()[-1]; leaf = m.layout.at['alllink']
gdb.selected_inferior().write_memory(m.addr + leaf.offset, program.scalar('allm').to_bytes(8, 'little'))
do('stepi'); result = list(called().values())
"""
    )
    assert "sysmon" in gdb_json(hello, script)
