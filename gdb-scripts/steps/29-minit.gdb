# Stops at stage 29, minit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Sets up the thread itself: its id and its signal stack.
#   gdb -nx -batch -x gdb-scripts/steps/29-minit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.minit'
set language auto
run
info symbol $pc
print g0
print m0
kill
