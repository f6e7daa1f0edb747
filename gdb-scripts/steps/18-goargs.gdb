# Stops at stage 18, goargs, of a fresh run and shows g0 and m0: plain gdb, no Python.
# Makes a slice of strings of argv.
#   gdb -nx -batch -x gdb-scripts/steps/18-goargs.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
tbreak *(long)&'runtime.goargs'
run
info symbol $pc
print 'runtime.g0'
print 'runtime.m0'
kill
