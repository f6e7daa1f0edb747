"""`./lab`, in rooms. Each may use the rooms above it that its first lines name, and the ground floor: failure (how a
verb ends badly), tree (where things are) and parser (how the command line explains itself).

host       the machine and what runs on it: builds, packages, gdb, locks, signals, programs in ELF files
likeness   how much of Go's boot is in ours: observations, fields, written reasons
report     a recorded boot to look at: the film, and pictures of moments
pages      what the notes show and say, held against what is so; the notes as a site
editors    what editors must be told, in their own files
exercises  what is asked, what a learner says, and the verdict
classes    a roster, a seed for each student, what they hand in, and the grading of it
bench      what things cost, beside others
matrix     other Gos and gdbs, held against what programs say of themselves
mutation   changes to the runtime that a test must notice
verbs      one file a verb; cli finds them

Nothing here is used by gdb's package; the exercises' side in gdb (labs/gdb) uses `exercises` and what that needs.
"""

import sys
from pathlib import Path

# gdb's package, for what of it has no gdb in it; last, because a built module has the same name.
sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "gdb-scripts"))
