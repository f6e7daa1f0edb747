"""How much of what gdb sees in Go's boot it sees in ours. Uses no other room: it is given traces.

observations   what is written down of Go's boot, looked for in a trace
fields         what changes at each stop, side by side
reasons        why the two differ where they do
comparison     all of it, each difference with its reason
moved          what moved in Go's runtime from version to version, a column for each; inside: its part in gdb
entries        where a program begins, of whatever system and processor
"""
