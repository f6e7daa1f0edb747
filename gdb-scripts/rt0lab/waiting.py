"""The commands about waiting: `rt0 waits` and `rt0 holders LOCK`."""

import textwrap

import gdb

from . import bulk, cards, console, goroutines, lists, model, waits


def _names(rows, limit=12):
    return " ".join(str(row.goid) for row in rows[:limit]) + (f" ... ({len(rows)} in all)" if len(rows) > limit else "")


def _say(text, indent="  "):
    for line in textwrap.wrap(text, cards.WIDTH, initial_indent=indent, subsequent_indent=indent):
        console.say(line)


class Waits(console.Command):
    """Show who waits for which channel, lock or timer, who could wake them, and whether the program is deadlocked and why.
    Usage: rt0 waits [-json]

    (gdb) rt0 waits
    chan 0xc00008c060 0/0
      receive: 18 19; could wake them: 1"""

    name, kind = "rt0 waits", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        options = lists.Options(self.name, "[-json]")
        options.add_argument("-json", action="store_true")
        asked = options.of(argument)
        console.need_process()
        with bulk.no_collecting():
            graph = waits.Graph()
        if asked.json:
            console.dump(graph.plain())
            return
        for thing in sorted(graph.things.values(), key=lambda thing: -len(thing.waiting)):
            self._thing(graph, thing)
        sleepers = [row for row in graph.able if row.addr in graph.on]
        for row in sleepers[:20]:
            console.say(f"{graph.on[row.addr][0]}: wakes {row.goid}")
        if len(sleepers) > 20:
            console.say(f"and {len(sleepers) - 20} more sleep.")
        self._verdict(graph)

    @staticmethod
    def _thing(graph, thing):
        console.say(str(thing.item) + (f", {' and '.join(thing.globals[:3])}" if thing.globals else ""))
        by_state = {}
        for row in thing.waiting:
            by_state.setdefault(graph.census.state(row), []).append(row)
        for state, rows in by_state.items():
            _say(f"{state}: {_names(rows)}")
        wakers = graph.wakers(thing)
        stuck = {row.addr for row in graph.stuck}
        free = [row for row in wakers if row.addr not in stuck]
        if free:
            _say(f"could wake them: {_names(free)}, on whose stack its address stands")
        elif wakers:
            _say(f"only {_names(wakers)} could, who wait themselves")
        elif thing.globals:
            _say(f"could wake them: whoever can run and uses {thing.globals[0]}" if graph.able else "nobody can run who could use it")
        else:
            _say("no other goroutine's stack and no variable has its address")

    @staticmethod
    def _verdict(graph):
        if not graph.rows:
            console.say("there is no goroutine of the program's own yet.")
            return
        if graph.deadlock:
            _say("Deadlock. Proof: a goroutine can go on only if it runs, is ready, is in a system call, or if a timer or the "
                 f"network wakes it. Of the {len(graph.rows)} goroutines of the program none is in such a state, and no timer is set. "
                 "All wait for another goroutine to act, and there is none that could.", "")  # fmt: skip
            for row in [*graph.blocked, *graph.forever][:20]:
                items = ", ".join(map(str, graph.on.get(row.addr, [])))
                _say(f"goroutine {row.goid}: {graph.census.state(row)}" + (f" on {items}" if items else ", for ever"))
            return
        able = [f"{row.goid} ({graph.census.state(row)})" for row in graph.able[:8]]
        _say(f"No deadlock: {', '.join(able) or 'a timer'} can go on" + (f" ({len(graph.able)} in all)." if len(graph.able) > 8 else "."), "")
        if graph.stuck:
            _say(f"But {_names(graph.stuck)} will never be woken, unless a pointer in the heap leads somebody to what they wait on: "
                 "nobody who can run has its address on a stack, and no variable has it.", "")  # fmt: skip


class Holders(console.Command):
    """Say what can be known about who holds a lock and who waits for it: a runtime.mutex, a sync.Mutex, a sync.RWMutex.
    Usage: rt0 holders LOCK [-json]; LOCK is an expression, like sched.lock or 'main.mu'

    (gdb) rt0 holders sched.lock
    runtime.mutex 0x5312a0: unlocked"""

    name, kind = "rt0 holders", gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        as_json = argument.endswith("-json")
        text = argument.removesuffix("-json").strip()
        if not text:
            raise model.Problem("which lock? Usage: rt0 holders LOCK [-json], like `rt0 holders sched.lock`.")
        console.need_process()
        kind, address, value = waits.lock_at(text)
        found = self._runtime(address, value) if kind == "runtime.mutex" else self._sync(kind, address, value)
        if as_json:
            console.dump({"kind": kind, "address": address, **found})
            return
        console.say(f"{kind} {address:#x}: {found['state']}")
        for sentence in found["known"]:
            _say(sentence)

    @staticmethod
    def _runtime(address, value):
        """A runtime.mutex belongs to an M, and counts in its m.locks, but does not name it."""
        layout = model.Layout(model.world(), value.type)
        key = model.Struct(layout, address, model.read(address, layout.size) or b"\0" * layout.size).get("key")
        census = goroutines.Census()
        locking = [m.get("id") for m in census.ms if (m.get("locks") or 0) > 0] if key else []
        known = []
        if key and len(locking) == 1:
            known.append(f"m{locking[0]} must hold it: a lock counts in m.locks, and no other M's is above 0.")
        elif key and locking:
            known.append(f"one of {', '.join(f'm{m}' for m in locking)} holds it: their m.locks are above 0. The lock does not say which.")
        elif key:
            known.append("no M has m.locks above 0: it is being taken or given back at this very moment, or memory is damaged.")
        return {"state": "unlocked" if not key else "locked" + ("" if key == 1 else f" (key {key:#x}: others may sleep on it)"),
                "locked": bool(key), "holders": [f"m{m}" for m in locking], "waiting": [], "known": known}  # fmt: skip

    @staticmethod
    def _sync(kind, address, value):
        """A sync.Mutex has no owner: any goroutine may unlock it. State and waiters are all it has."""
        layout = model.Layout(model.world(), value.type)
        data = model.read(address, layout.size)
        if not isinstance(data, bytes):
            raise model.Problem(f"the lock cannot be read: {data}.")
        struct = model.Struct(layout, address, data)
        graph = waits.Graph()
        sleeping = waits.waiters_by_address(graph.census)
        semas = [leaf for leaf in layout.leaves if leaf.path.rpartition(".")[2] in ("sema", "writerSem", "readerSem")]
        waiting = [row for leaf in semas for row in sleeping.get(address + leaf.offset, [])]
        at = graph.census.standing(waiting)
        state = struct.get(*(leaf.path for leaf in layout.leaves if leaf.path.rpartition(".")[2] == "state")) or 0
        locked = bool(state & _bit("mutexLocked", 1))
        known = [f"{row.goid} waits for it" + (f" at {at[row.addr].where}" if at.get(row.addr) else "") for row in waiting[:20]]
        if kind == "sync.RWMutex":
            count = struct.get("readerCount", "readerCount.v") or 0
            count = count - (1 << 32) if count >= 1 << 31 else count
            state_text = ("locked for writing or a writer waits" if count < 0 else f"{count} readers" if count else "unlocked") + (
                ", the writers' mutex is locked" if locked else "")
            locked = locked or count != 0
        else:
            starving = ", starving: it goes to the one who waited longest" if state & _bit("mutexStarving", 4) else ""
            state_text = ("locked" if locked else "unlocked") + starving
        if locked:
            thing = [row for row in graph.rows if row not in waiting and waits.words_on_stack(graph.census, row) & {address, *(address + s.offset for s in semas)}]
            known.append(f"a {kind} does not note who locked it" + (
                f"; its address stands on the stack of {_names(thing)}, who do not wait for it." if thing else "; nobody else's stack has its address."))
            if not any(row.addr not in {w.addr for w in waiting} for row in graph.able):
                known.append("Nobody who does not wait for it can run: it will not be unlocked.")
        else:
            thing = []
        return {"state": state_text, "locked": locked, "holders": [], "candidates": [row.goid for row in thing],
                "waiting": [row.goid for row in waiting], "known": known}  # fmt: skip


def _bit(name, usual):
    """A bit of sync.Mutex's state by its constant; where the debug information has none, what it has been since Go 1.9."""
    for prefix in ("sync.", "internal/sync.", ""):
        symbol = gdb.lookup_static_symbol(prefix + name) or gdb.lookup_global_symbol(prefix + name)
        if symbol is not None:
            try:
                return int(symbol.value())
            except gdb.error:
                continue
    return usual
