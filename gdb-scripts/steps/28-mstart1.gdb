# Stops at stage 28, mstart1, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Remembers this place on g0's stack in g0.sched: every switch to the scheduler starts here.
#   gdb -nx -batch -x gdb-scripts/steps/28-mstart1.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.mstart1'
set language auto
run
info symbol $pc
print g0
print m0
kill
