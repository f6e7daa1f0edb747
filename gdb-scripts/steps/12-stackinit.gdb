# Stops at stage 12, stackinit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Empties the pools that goroutine stacks will come from.
#   gdb -nx -batch -x gdb-scripts/steps/12-stackinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.stackinit'
set language auto
run
info symbol $pc
print g0
print m0
kill
