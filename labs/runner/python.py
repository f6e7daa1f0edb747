"""`lab python ARGS…`: the system's Python, for scripts that belong to this tree."""

import os

HELP = "run the system's Python"
USAGE = "lab python [ARGS...]"


def run(argv):
    """Becomes the system's Python with these arguments."""
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *argv])
