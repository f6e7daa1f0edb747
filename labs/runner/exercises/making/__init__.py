"""Exercises in which the learner writes a file: C++ that becomes part of the runtime, or a command for gdb.

Each line uses only those above it:
  source      the learner's file: where it is, what it begins as
  workshop    what a sandbox needs to run gdb, and how a learner's program is compiled and linked in it
  mended      what only mended sources show: schedules they hold under, what their author thought
  implement   judges what the learner wrote of the runtime: a function, or sources mended
  command     judges a gdb command that the learner wrote
  door        the verdicts of all these kinds
  trial       what an author must prove of such an exercise
"""
