"""`lab gdb`: gdb on a program, with our commands loaded and everything else as gdb has it."""

from . import debugger

HELP = "gdb on a program (default: hello), with the rt0 commands loaded; further arguments go to gdb"
USAGE = "lab gdb [PROGRAM|GO-BINARY] [GDB ARGUMENTS...]"


def run(argv):
    """Starts gdb; the first word that is no option names the program."""
    name = argv.pop(0) if argv and not argv[0].startswith("-") else "hello"
    target = debugger.program(name)
    return debugger.interactive(debugger.command(target, shell=True), argv)
