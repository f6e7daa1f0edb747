"""What a learner reads, in English or Chinese, and how wide it is on a terminal. No gdb in it: the command line and the
tests use it, too."""

from .catalogue import in_a_row, later, tr, trn
from .chosen import choose, complaint, language, spoken

__all__ = ["choose", "complaint", "in_a_row", "language", "later", "spoken", "tr", "trn"]
