"""Adds the exercises to a gdb that has rt0lab's commands. Sourced by `./lab run` and `./lab check`."""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
for _folder in (_HERE, os.path.dirname(_HERE)):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)

import inside  # noqa: E402,F401  (found only now; `python inside...` follows on gdb's command line)
