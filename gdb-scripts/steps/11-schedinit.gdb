# Stops at stage 11, schedinit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Sets up everything the scheduler needs, in an order that matters.
#   gdb -nx -batch -x gdb-scripts/steps/11-schedinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.schedinit'
set language auto
run
info symbol $pc
print g0
print m0
kill
