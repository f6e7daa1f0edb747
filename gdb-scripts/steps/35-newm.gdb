# Stops at stage 35, newm, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes an M, that is a thread: the first one, for sysmon.
#   gdb -nx -batch -x gdb-scripts/steps/35-newm.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.newm'
set language auto
run
info symbol $pc
print g0
print m0
kill
