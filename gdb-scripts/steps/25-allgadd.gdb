# Stops at stage 25, allgadd, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Enters the new g in allgs; from now on `info goroutines` can find it.
#   gdb -nx -batch -x gdb-scripts/steps/25-allgadd.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.allgadd'
set language auto
run
info symbol $pc
print g0
print m0
kill
