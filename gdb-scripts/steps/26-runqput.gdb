# Stops at stage 26, runqput, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Puts g1 where this P looks first, runnext: queued, not running.
#   gdb -nx -batch -x gdb-scripts/steps/26-runqput.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.runqput'
set language auto
run
info symbol $pc
print g0
print m0
kill
