# Stops at stage 18, goargs, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes a slice of strings of argv.
#   gdb -nx -batch -x gdb-scripts/steps/18-goargs.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.goargs'
set language auto
run
info symbol $pc
print g0
print m0
kill
