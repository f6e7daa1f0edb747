# Stops at stage 19, goenvs, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes a slice of strings of the environment.
#   gdb -nx -batch -x gdb-scripts/steps/19-goenvs.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.goenvs'
set language auto
run
info symbol $pc
print g0
print m0
kill
