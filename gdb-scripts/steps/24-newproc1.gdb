# Stops at stage 24, newproc1, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes the goroutine, on g0's stack.
#   gdb -nx -batch -x gdb-scripts/steps/24-newproc1.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.newproc1'
set language auto
run
info symbol $pc
print g0
print m0
kill
