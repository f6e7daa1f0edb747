"""What things cost here, beside Go, others, and the least they could cost. May use host, report, exercises, classes.

startup, sched, gdb,
grade, film           one part of the figures each
inside                what gdb does and times, for `gdb`
table                 how the figures are set
large                 a program of 60 MB to look at
peers                 the programs to measure beside, built
"""
