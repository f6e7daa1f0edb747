# Stops at stage 36, newosproc, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# clone, with all signals blocked so that the child starts undisturbed.
#   gdb -nx -batch -x gdb-scripts/steps/36-newosproc.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.newosproc'
set language auto
run
info symbol $pc
print g0
print m0
kill
