# Stops at stage 44, main.main, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# At last: the function you wrote.
#   gdb -nx -batch -x gdb-scripts/steps/44-main.main.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'main.main'
set language auto
run
info symbol $pc
print g0
print m0
kill
