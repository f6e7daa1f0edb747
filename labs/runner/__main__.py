"""Makes this folder runnable (`python3 labs/runner VERB`), as the launcher `lab` does."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("lab: the system's Python is %d.%d; the lab needs 3.11 or newer (Debian 12 or 13)" % sys.version_info[:2])

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from runner.cli import main  # noqa: E402  (the package is found only after the line above)

sys.exit(main(sys.argv[1:]))
