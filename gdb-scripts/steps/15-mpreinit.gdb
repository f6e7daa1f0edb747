# Stops at stage 15, mpreinit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Gives the M a second goroutine, gsignal, whose 32 KB stack signal handlers will run on.
#   gdb -nx -batch -x gdb-scripts/steps/15-mpreinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.mpreinit'
set language auto
run
info symbol $pc
print g0
print m0
kill
