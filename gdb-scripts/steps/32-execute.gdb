# Stops at stage 32, execute, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes it running: status, m.curg, g.m. The stack is still g0's.
#   gdb -nx -batch -x gdb-scripts/steps/32-execute.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.execute'
set language auto
run
info symbol $pc
print g0
print m0
kill
