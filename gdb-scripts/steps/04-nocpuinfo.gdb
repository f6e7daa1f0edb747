# Stops at stage 4, nocpuinfo, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# g0 now has stack bounds, some 64 KB below SP, and the processor has been asked who it is.
#   gdb -nx -batch -x gdb-scripts/steps/04-nocpuinfo.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&nocpuinfo
set language auto
run
info symbol $pc
print g0
print m0
kill
