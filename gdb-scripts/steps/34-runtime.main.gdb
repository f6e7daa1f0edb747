# Stops at stage 34, runtime.main, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The first goroutine, on its own 2 KB stack, with goexit as its caller.
#   gdb -nx -batch -x gdb-scripts/steps/34-runtime.main.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.main'
set language auto
run
info symbol $pc
print g0
print m0
kill
