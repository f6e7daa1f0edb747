"""Makes a gdb that has loaded our package fork for whoever asks (forked.py): the child is a gdb that has just been
started. Runs inside gdb."""

import json
import os
import shutil
import socket
import sys

import gdb
import gdbrun  # noqa: F401  (what most tests' scripts begin with)
import standby


def serve(number, folder):
    """Returns in each child, which goes on to the commands that gdb was started with; gdb itself ends with the one who
    asks, however that one ended, and takes the folder with it."""
    sys.path.remove(os.path.dirname(__file__))
    asked, streams = standby.fork(socket.socket(fileno=number), 2, lambda: shutil.rmtree(folder, ignore_errors=True))
    for target, stream in enumerate(streams, 1):
        os.dup2(stream, target)
        os.close(stream)
    gdb.execute(f"cd {json.loads(asked)}", to_string=True)
