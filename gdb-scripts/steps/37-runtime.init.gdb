# Stops at stage 37, runtime.init, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The runtime's own init functions; one starts the goroutine forcegchelper.
#   gdb -nx -batch -x gdb-scripts/steps/37-runtime.init.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.init'
set language auto
run
info symbol $pc
print g0
print m0
kill
