# Stops at stage 5, settls, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# One system call points FS into m0.tls: from now on the current g is found at -8(FS).
#   gdb -nx -batch -x gdb-scripts/steps/05-settls.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.settls'
set language auto
run
info symbol $pc
print g0
print m0
kill
