# Stops at stage 30, schedule, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# One round of the scheduler: find a goroutine that is ready and run it.
#   gdb -nx -batch -x gdb-scripts/steps/30-schedule.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&'runtime.schedule'
set language auto
run
info symbol $pc
print g0
print m0
kill
