"""The verbs of `./lab`, one small module each; see cli.py for the list."""

import sys
from pathlib import Path

# gdb's package, for what of it has no gdb in it; last, because a built module has the same name.
sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "gdb-scripts"))
