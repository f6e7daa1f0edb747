# Stops at stage 38, sysmon, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The watcher, on its own thread and without a P: takes Ps back from those who hold them too long.
#   gdb -nx -batch -x gdb-scripts/steps/38-sysmon.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
tbreak *(long)&'runtime.sysmon'
run
info symbol $pc
print g0
print m0
kill
