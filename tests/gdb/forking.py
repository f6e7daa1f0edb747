"""Makes a gdb that has loaded our package fork for whoever asks (forked.py): the child is a gdb that has just been
started. Runs inside gdb."""

import gc
import json
import os
import shutil
import socket
import sys

import gdb
import gdbrun  # noqa: F401  (what most tests' scripts begin with)


def serve(number, folder):
    """Returns in each child, which goes on to the commands that gdb was started with; gdb itself ends with the one who
    asks, however that one ended, and takes the folder with it."""
    sys.path.remove(os.path.dirname(__file__))
    asking = socket.socket(fileno=number)
    gc.collect()
    gc.freeze()  # else a child touches, and so copies, all of Python's memory only to end
    child = None
    try:
        asking.send(b"ready")
        while child != 0:
            asked, streams, *_ = socket.recv_fds(asking, 1 << 16, 2)
            if not asked:
                break
            child = os.fork()
            if child:
                for stream in streams:
                    os.close(stream)
                asking.send(b"%d" % child)
                asking.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        if child != 0:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
    asking.close()
    for target, stream in enumerate(streams, 1):
        os.dup2(stream, target)
        os.close(stream)
    gdb.execute(f"cd {json.loads(asked)}", to_string=True)
