"""What `info goroutines` costs for each goroutine: how often a function is called, of Python's or of C's. They are
counted, so that a machine's mood has no part in it."""

COUNTED = """
import collections, sys

def calls(n):
    gdb.execute(f'set args {n}')
    stops.toward({program.world().address('main.ready')}, 'run')
    do('info goroutines')
    seen = collections.Counter()
    def count(frame, event, argument):
        if event in ('call', 'c_call'): seen[event, argument.__name__ if argument else frame.f_code.co_name] += 1
    sys.setprofile(count)
    do('info goroutines')
    sys.setprofile(None)
    gdb.execute('kill')
    return seen

gdb.execute('set confirm off')
few = calls(1000)
result = max((many - few[name], *name) for name, many in calls(3000).items())
"""


def test_no_function_is_called_for_each_goroutine_of_the_list(gdb_json, parked):
    """Some are for each read, and between Go's gs and stacks lie other things: there a read brings ten of them, and
    three functions or so are called for each read."""
    more, *_ = gdb_json(parked, COUNTED)
    assert more < 2000 * 0.7
