"""File and wire formats, and what others wrote. No gdb in it: the command line and the tests use it, too."""
