"""What `info goroutines` costs for each goroutine: how many functions are called, of Python's and of C's. They are
counted, so that a machine's mood has no part in it."""

COUNTED = """
import sys

def calls(n):
    gdb.execute(f'set args {n}')
    stops.toward({program.world().address('main.ready')}, 'run')
    do('info goroutines')
    seen = []
    def count(_frame, event, _argument):
        if event in ('call', 'c_call'): seen.append(event)
    sys.setprofile(count)
    text = do('info goroutines')
    sys.setprofile(None)
    gdb.execute('kill')
    return len(seen), text.count('\\n')

gdb.execute('set confirm off')
(few, short), (many, long) = calls(1000), calls(3000)
result = long - short, (many - few) / 2000, program.world().is_go
"""


def test_a_goroutine_more_in_the_list_costs_less_than_a_call(gdb_json, parked):
    """Beyond what is read: Go's heap holds other things between the gs and between the stacks, and each read is some
    ten calls."""
    lines, calls, is_go = gdb_json(parked, COUNTED)
    assert lines == 2000 and calls < (2 if is_go else 1)
