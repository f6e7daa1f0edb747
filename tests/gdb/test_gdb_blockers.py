"""What a goroutine waits on is called a channel only if it can be one, and its own only if the goroutine is in its
queue."""

import pytest

READY = """
from rt0lab.goroutines import blockers
from rt0lab.goroutines.census import Census
stops.toward({program.world().address('main.ready')}, 'run')
census = Census()
rows = [row for row in census.rows if row.waiting and census.state(row) == 'chan receive']
def on():
    return {row.goid: str(item) for row in rows for item in Census().waits([row])[row.addr]}
def put(kind, address, path, value):
    leaf = program.world().layout(kind).at[path]
    gdb.selected_inferior().write_memory(address + leaf.offset, value.to_bytes(leaf.size, 'little'))
channel = census.waits(rows)[rows[0].addr][0].addr
"""
LINK = "link = next(p for p in ('c', 'c.maybeTraceablePtr.vu') if p in program.world().layout('sudog').at)\n"


def test_a_channel_is_one(gdb_json, parked):
    found = gdb_json(parked, READY + "result = sorted(set(on().values())), f'chan {channel:#x} 0/0'")
    assert found[0] == [found[1]]


@pytest.mark.parametrize(
    "path, value",
    [
        ("qcount", 7),
        ("dataqsiz", 1 << 47),
        ("closed", 2),
        ("elemsize", 9),
        ("buf", 0),
        ("sendx", 1),
        ("elemtype", 0),
        ("elemtype", 8),
    ],
)
def test_what_cannot_be_a_channel_is_called_none(gdb_json, parked, path, value):
    found = gdb_json(
        parked, READY + f"put('hchan', channel, {path!r}, {value}); result = sorted(set(on().values())), channel"
    )
    assert found[0] == [f"no channel at {found[1]:#x}"]


def test_an_address_between_two_words_is_no_channels(gdb_json, parked):
    found = gdb_json(
        parked,
        READY + LINK + "put('sudog', rows[-1].waiting, link, channel + 1); result = on()[rows[-1].goid], channel",
    )
    assert found[0] == f"no channel at {found[1] + 1:#x}"


def test_who_is_in_no_queue_of_a_channel_is_said_to_be(gdb_json, parked):
    script = (
        READY
        + LINK
        + """
full = next(item.addr for row in census.rows if row.waiting and census.state(row) == 'chan send'
    for item in census.waits([row])[row.addr])
put('sudog', rows[-1].waiting, link, full)
result = on()[rows[-1].goid], f'chan {full:#x} 3/3 (in none of its queues)'
"""
    )
    assert len(set(gdb_json(parked, script))) == 1


def test_a_sudog_of_somebody_else_says_nothing(gdb_json, parked):
    script = (
        READY + "put('g', rows[-1].addr, 'waiting', rows[0].waiting); now = Census(); result = rows[-1].addr in"
        " now.waits(now.rows)"
    )
    assert gdb_json(parked, script) is False
