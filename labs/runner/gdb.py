"""`lab gdb`: gdb on a program, with our commands loaded and everything else as gdb has it."""

from . import debugger

HELP = "gdb on a program (default: hello), with the rt0 commands loaded; further arguments go to gdb"
USAGE = "lab gdb [--gdb=FILE] [PROGRAM|GO-BINARY] [GDB ARGUMENTS...]"
CHOICE = "--gdb="  # a gdb other than PATH's; editors have a PATH of their own


def run(argv):
    """Starts gdb; the first word that is no option names the program."""
    chosen = argv.pop(0).removeprefix(CHOICE) if argv and argv[0].startswith(CHOICE) else None
    name = argv.pop(0) if argv and not argv[0].startswith("-") else "hello"
    target = debugger.program(name)
    return debugger.interactive(debugger.command(target, shell=True, gdb=chosen), argv)
