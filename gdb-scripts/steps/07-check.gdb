# Stops at stage 7, check, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Tests what the compiler was trusted with: type sizes, atomics, floats. It changes nothing.
#   gdb -nx -batch -x gdb-scripts/steps/07-check.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.check'
set language auto
run
info symbol $pc
print g0
print m0
kill
