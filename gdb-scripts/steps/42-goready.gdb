# Stops at stage 42, goready, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes a parked goroutine runnable again.
#   gdb -nx -batch -x gdb-scripts/steps/42-goready.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.goready'
set language auto
run
info symbol $pc
print g0
print m0
kill
