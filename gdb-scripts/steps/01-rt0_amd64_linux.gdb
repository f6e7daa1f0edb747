# Stops at stage 1, _rt0_amd64_linux, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The kernel starts the program here, not in main.main: one jump, and every register but SP is zero.
#   gdb -nx -batch -x gdb-scripts/steps/01-rt0_amd64_linux.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&_rt0_amd64_linux
set language auto
run
info symbol $pc
print g0
print m0
kill
