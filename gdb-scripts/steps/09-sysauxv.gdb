# Stops at stage 9, sysauxv, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Reads the kernel's notes to the program: the page size, 16 random bytes.
#   gdb -nx -batch -x gdb-scripts/steps/09-sysauxv.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.sysauxv'
set language auto
run
info symbol $pc
print g0
print m0
kill
