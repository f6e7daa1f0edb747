# ginfo：g0 和它的 m 之间的联系完好吗？`./lab check` 会试用这条命令，
# `./lab run` 会打开装上了它的 gdb。
#
# 看选中的那个线程：FS 所指处前面的那个字存着它的 g，只要它没有在运行
# goroutine，那就是 g0；这个 g 有一个 m；这个 m 又有一个 g0。三个指针应当围成
# 一圈。打印一行：
#
#   OK             围成了一圈，或者
#   BROKEN m.g0    m 的 g0 不是该有的那个，
#   BROKEN g0.m    g0 的 m 不是该有的那个，
#   BROKEN tls     FS 所指的不是那个 g0。
#
# 在第一个线程上有东西可以比较：它的 m 是变量 m0，它的 g0 是变量 g0。别的线程
# 的 m 和 g0 在哪里，事先没有人知道。
#
# 要用到的 gdb 功能：
#
#   gdb.parse_and_eval("&g0")     表达式的值，是一个 gdb.Value；
#                                 int(value) 给出地址
#   gdb.parse_and_eval("*(struct g**)($fs_base - 8)")
#                                 FS 所指的那个 g
#   value["m"], value["g0"]       指针所指的东西的一个字段
#   gdb.selected_thread().num     第一个线程是 1
#   print(...)                    输出一行

import gdb


class Ginfo(gdb.Command):
    """说出 g0 和它的 m 是否互相认识。"""

    def __init__(self):
        super().__init__("ginfo", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        pass  # 由你来写


Ginfo()
