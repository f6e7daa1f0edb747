"""Changes to the runtime that a test must notice: each is made in a copy of one file, and who fails then is told.
May use host.

every      all changes that are chosen, on all CPUs, and the table
decisions  the list of changes, each with its reason and its test
trial      one change: its own test, then the rest
tests      how a test runs over a copy
copy       one file changed, and programs linked with it
recipes    how the build made a program
processes  what runs, until its time is over or all is stopped
"""
