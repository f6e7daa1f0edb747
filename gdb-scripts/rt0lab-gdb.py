"""Loads rt0lab's gdb package for the program being debugged: printers, commands, backtraces. Safe to source again."""

import os
import sys

import gdb

_HERE = os.path.dirname(os.path.abspath(__file__))
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

import rt0lab.loading  # noqa: E402  (found only now)

rt0lab.loading.load(gdb.current_objfile())
