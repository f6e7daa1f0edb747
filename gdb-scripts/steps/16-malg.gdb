# Stops at stage 16, malg, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Makes a g with a stack of its own.
#   gdb -nx -batch -x gdb-scripts/steps/16-malg.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.malg'
set language auto
run
info symbol $pc
print g0
print m0
kill
