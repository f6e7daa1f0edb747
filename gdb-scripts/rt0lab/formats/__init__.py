"""File and wire formats, and what others wrote: no gdb in it, so that the command line and the tests can use it, too."""
