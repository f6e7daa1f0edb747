# Stops at stage 43, main.init, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The program's packages are initialised, main last.
#   gdb -nx -batch -x gdb-scripts/steps/43-main.init.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'main.init'
set language auto
run
info symbol $pc
print g0
print m0
kill
