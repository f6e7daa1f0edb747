# Stops at stage 27, mstart, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# This M starts to schedule. It never returns; if it did, the next instruction would crash.
#   gdb -nx -batch -x gdb-scripts/steps/27-mstart.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.mstart'
set language auto
run
info symbol $pc
print g0
print m0
kill
