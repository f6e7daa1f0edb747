# Stops at stage 10, osinit, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Asks the kernel how many processors this process may use: ncpu (since Go 1.26: numCPUStartup).
#   gdb -nx -batch -x gdb-scripts/steps/10-osinit.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.osinit'
set language auto
run
info symbol $pc
print g0
print m0
kill
