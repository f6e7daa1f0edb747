# Stops at stage 38, sysmon, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# The watcher, on its own thread and without a P: takes Ps back from those who hold them too long.
#   gdb -nx -batch -x gdb-scripts/steps/38-sysmon.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.sysmon'
# A short program can end before the new thread gets that far: stop main where the thread exists, and let only that one
# run.
tbreak *(long)&'runtime.lockOSThread'
set language auto
run
if $_thread == 1
  set scheduler-locking on
  thread 2
  continue
end
info symbol $pc
print g0
print m0
kill
