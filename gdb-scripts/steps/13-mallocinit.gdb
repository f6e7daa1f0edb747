# Stops at stage 13, mallocinit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Settles where the heap will lie (Go 1.10, and the mirror, reserve that) and makes the first cache to allocate from.
#   gdb -nx -batch -x gdb-scripts/steps/13-mallocinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.mallocinit'
set language auto
run
info symbol $pc
print g0
print m0
kill
