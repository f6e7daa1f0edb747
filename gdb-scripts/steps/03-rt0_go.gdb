# Stops at stage 3, rt0_go, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The boot proper, in assembly: it makes g0 out of the kernel's stack and calls all the rest.
#   gdb -nx -batch -x gdb-scripts/steps/03-rt0_go.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.rt0_go'
set language auto
run
info symbol $pc
print g0
print m0
kill
