# Stops at stage 21, procresize, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes the Ps, one per processor if nobody asks for another number, and gives the first to m0: without a P no Go code runs.
#   gdb -nx -batch -x gdb-scripts/steps/21-procresize.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.procresize'
set language auto
run
info symbol $pc
print g0
print m0
kill
