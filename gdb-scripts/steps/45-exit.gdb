# Stops at stage 45, exit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# main.main came back, so the process ends, whatever other goroutines do.
#   gdb -nx -batch -x gdb-scripts/steps/45-exit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.exit'
set language auto
run
info symbol $pc
print g0
print m0
kill
