# Stops at stage 41, gopark, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The goroutine gives up its M and waits until someone calls goready.
#   gdb -nx -batch -x gdb-scripts/steps/41-gopark.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.gopark'
set language auto
run
info symbol $pc
print g0
print m0
kill
