# Stops at stage 23, newproc, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# A go statement, written by hand: rt0_go asks for a goroutine that will run runtime.main.
#   gdb -nx -batch -x gdb-scripts/steps/23-newproc.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.newproc'
set language auto
run
info symbol $pc
print g0
print m0
kill
