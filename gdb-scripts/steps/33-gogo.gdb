# Stops at stage 33, gogo, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The switch: loads the goroutine's saved SP and PC, and this code is not returned to.
#   gdb -nx -batch -x gdb-scripts/steps/33-gogo.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.gogo'
set language auto
run
info symbol $pc
print g0
print m0
kill
