# Stops at stage 2, _rt0_amd64, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Takes argc and argv from where the kernel put them, the top of the stack, into DI and SI.
#   gdb -nx -batch -x gdb-scripts/steps/02-rt0_amd64.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&_rt0_amd64
set language auto
run
info symbol $pc
print g0
print m0
kill
