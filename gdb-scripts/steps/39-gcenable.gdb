# Stops at stage 39, gcenable, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Starts what cleans up memory in the background, and waits on a channel until it runs: main's first park.
#   gdb -nx -batch -x gdb-scripts/steps/39-gcenable.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.gcenable'
set language auto
run
info symbol $pc
print g0
print m0
kill
