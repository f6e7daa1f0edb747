# Stops at stage 6, ok, of a fresh run and shows g0 and m0: plain gdb, no Python (in Go: 'runtime.g0').
# 0x123 written through FS has arrived in m0.tls[0], so TLS works; next g0 and m0 are tied to each other.
#   gdb -nx -batch -x gdb-scripts/steps/06-ok.gdb PROGRAM
set language c
set pagination off
set confirm off
set print pretty on
set print demangle off
tbreak *(long)&ok
set language auto
run
info symbol $pc
print g0
print m0
kill
