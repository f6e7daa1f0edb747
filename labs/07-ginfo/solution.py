# ginfo: follows the three pointers, and compares with what is known.

import gdb


class Ginfo(gdb.Command):
    """Say whether g0 and its m know each other."""

    def __init__(self):
        super().__init__("ginfo", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print(self.verdict())

    def verdict(self):
        tls = gdb.parse_and_eval("*(struct g**)($fs_base - 8)")
        if gdb.selected_thread().num == 1:
            m, g0 = gdb.parse_and_eval("&m0"), gdb.parse_and_eval("&g0")
        else:
            m, g0 = tls["m"], tls
        if int(m["g0"]) != int(g0):
            return "BROKEN m.g0"
        if int(g0["m"]) != int(m):
            return "BROKEN g0.m"
        if int(tls) != int(g0):
            return "BROKEN tls"
        return "OK"


Ginfo()
