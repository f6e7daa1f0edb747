"""What all tests share: Ctrl-C means what it means at a terminal, also where the tests were started in the background."""

import signal

# A shell starts background jobs with SIGINT ignored, programs inherit that, and the tests of Ctrl-C would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)
