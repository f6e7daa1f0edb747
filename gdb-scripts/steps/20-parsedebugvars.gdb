# Stops at stage 20, parsedebugvars, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Reads GODEBUG; Go 1.10, and the mirror, take it and GOTRACEBACK from the environment just stored.
#   gdb -nx -batch -x gdb-scripts/steps/20-parsedebugvars.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.parsedebugvars'
set language auto
run
info symbol $pc
print g0
print m0
kill
