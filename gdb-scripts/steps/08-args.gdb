# Stops at stage 8, args, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# Keeps argc and argv; the strings themselves stay where the kernel put them.
#   gdb -nx -batch -x gdb-scripts/steps/08-args.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.args'
set language auto
run
info symbol $pc
print g0
print m0
kill
