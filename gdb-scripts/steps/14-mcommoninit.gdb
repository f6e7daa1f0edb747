# Stops at stage 14, mcommoninit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Enters an M in the books: an id from sched.mnext, and a place at the head of allm.
#   gdb -nx -batch -x gdb-scripts/steps/14-mcommoninit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.mcommoninit'
set language auto
run
info symbol $pc
print g0
print m0
kill
