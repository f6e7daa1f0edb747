# Stops at stage 22, acquirep, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Ties this M to a P.
#   gdb -nx -batch -x gdb-scripts/steps/22-acquirep.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.acquirep'
set language auto
run
info symbol $pc
print g0
print m0
kill
