# Stops at stage 31, runqget, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Takes the next goroutine of this P: runnext first.
#   gdb -nx -batch -x gdb-scripts/steps/31-runqget.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.runqget'
set language auto
run
info symbol $pc
print g0
print m0
kill
