# Stops at stage 13, mallocinit, of a fresh run and shows g0 and m0: plain gdb, no Python.
# Reserves the heap's address range and gives m0 a cache to allocate from.
#   gdb -nx -batch -x gdb-scripts/steps/13-mallocinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
tbreak *(long)&'runtime.mallocinit'
run
info symbol $pc
print 'runtime.g0'
print 'runtime.m0'
kill
