# ginfo: is the link between g0 and its m whole? `./lab check` tries this
# command, `./lab run` opens gdb with it.
#
# Of the thread that is selected: the word in front of where FS points holds its
# g, which is g0 as long as it runs no goroutine; that g has an m; and that m
# has a g0. Three pointers, which should close a circle. Print one line,
#
#   OK             if they do, or
#   BROKEN m.g0    if the m's g0 is not the one it should be,
#   BROKEN g0.m    if the g0's m is not,
#   BROKEN tls     if what FS leads to is not the g0.
#
# On the first thread there is something to compare with: its m is the variable
# m0, its g0 the variable g0. Of the other threads nobody knows beforehand where
# their m and g0 are.
#
# What you need of gdb:
#
#   gdb.parse_and_eval("&g0")     the value of an expression, a gdb.Value;
#                                 int(value) gives the address
#   gdb.parse_and_eval("*(struct g**)($fs_base - 8)")
#                                 the g that FS leads to
#   value["m"], value["g0"]       a field of what a pointer points at
#   gdb.selected_thread().num     1 for the first thread
#   print(...)                    one line of output

import gdb


class Ginfo(gdb.Command):
    """Say whether g0 and its m know each other."""

    def __init__(self):
        super().__init__("ginfo", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        pass  # yours


Ginfo()
