# Stops at stage 40, bgsweep, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Sweeps memory in the background; the mirror has no collector, and gives free stacks back there.
#   gdb -nx -batch -x gdb-scripts/steps/40-bgsweep.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.bgsweep'
set language auto
run
info symbol $pc
print g0
print m0
kill
