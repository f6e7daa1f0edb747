"""Watch a Go program start, in gdb: the rt0lab runtime and real Go programs alike.

Layers, each using only those above it:
  stages    the table of boot stages (no gdb in it)
  elf       what the ELF file says: symbols, sections, entry, build id (no gdb in it)
  model     reads g, m, p, sched out of a program: returns objects, prints nothing
  symbolic  an address as people say it: `g1.stack.hi-40`, `allp[0]`, `runtime.goexit+1`
  snapshot  everything at one stop, and what changed between two
  printers  how gdb's `print` shows the structures
  stops     where the stages are in this program, and stopping there
  record    a whole run as data
  cards     one stage as a card of text
  checks    what must hold, whatever the moment
  unwinder  backtraces that end at their true root and pass through Boost.Context
  console   what commands share; walking, looking: the commands, the only layer that prints; commands: gives them to gdb
  loading   puts it all into gdb for one program
"""
