"""Watch a Go program start, in gdb: the rt0lab runtime and real Go programs alike.

The rooms of this house, each using only those above it, and of them only the ones that it names:

words       what a learner reads, in their language. No gdb in it. Any room may use it.
formats     file and wire formats, and texts that others wrote. No gdb in it. Any room may use it.
program     what one program's memory says, now or at an earlier stop
boot        the stages of the boot, and stopping at them; uses program
frames      backtraces and places in the code; uses program
heap        the objects that the program has, and what is reached from where; uses program
goroutines  what each does, waits for, and which thread it is on; uses frames, heap, program
state       g, m, p, sched as a whole: rows, changes, checks, history, traces; uses boot, goroutines, frames, program
rerun       the same boot once more, one instruction at a time: who wrote what; uses boot, frames, program, state
remote      goroutines as threads for other debuggers; uses goroutines, frames, program
show        text for what the rooms above know; uses boot, frames, goroutines, heap, program, state
commands    what one types, a file by its name; uses all
loading     puts it all into gdb for one program; uses all

The first line of each room's __init__ and of each file says what belongs there. What gdb answers comes through
`program` (told, done), what is printed through `commands` (console); nothing writes to the program.
"""
