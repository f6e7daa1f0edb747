# Stops at stage 17, alginit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Chooses the hash function: AES instructions if the processor has them.
#   gdb -nx -batch -x gdb-scripts/steps/17-alginit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.alginit'
set language auto
run
info symbol $pc
print g0
print m0
kill
