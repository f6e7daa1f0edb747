"""What things cost here, beside Go, others, and the least they could cost. May use host, report, exercises, classes.

whole                 all parts, one after the other
startup, sched, gdb,
grade, film           one part of the figures each
inside                what gdb does and times, for `gdb`
rounds                what is asked for, and how many rounds there is time for
judge                 a figure, and whether its goals are reached, if one can tell
explain               what an operation of `sched` consists of, counted
table                 how the figures are set
against               an earlier run's figures
machine               the one that this is, and how busy others keep it
large                 a program of 60 MB to look at
peers                 the programs to measure beside, built
"""
