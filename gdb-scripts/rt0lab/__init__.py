"""Watch a Go program start, in gdb: the rt0lab runtime and real Go programs alike.

Layers, each using only those above it:
  stages    the table of boot stages (no gdb in it)
  untrusted  texts, names and paths that others wrote: shown, quoted, opened (no gdb in it)
  elf       what the ELF file says: symbols, sections, entry, build id (no gdb in it)
  packets   packets of gdb's remote protocol, to bytes and back (no gdb in it)
  settings  gdb's settings that are set aside while we look
  hidden    breakpoints that neither the user nor his editor sees
  model     reads g, m, p, sched out of a program: returns objects, prints nothing
  begun     how far the boot has come, so that what was lost is not taken for what is not there yet
  builds    whether the file that gdb reads is what runs
  bulk      reads many structures at once
  naming    threads by their names in the runtime
  views     a parked goroutine's frames in gdb, without touching anything
  editors   whether an editor speaks DAP to this gdb
  symbolic  an address as people say it: `g1.stack.hi-40`, `allp[0]`, `runtime.goexit+1`
  switching in the middle of a switch: which stack a frame is on
  snapshot  everything at one stop, and what changed between two
  printers  how gdb's `print` shows the structures
  stops     where the stages are in this program, and stopping there
  history   every stop's raw bytes, kept to be decoded when somebody asks
  record    a whole run as data
  cards     one stage as a card of text
  movers    which thread is in the middle of changing what; verdicts: what a check can say
  checks    what must hold, whatever the moment; checks_waiters: of channels and who waits on them
  frames    the backtraces of many goroutines: what gdb found out about a pc once serves all
  blockers  what goroutines wait on: channels, semaphores, timers
  goroutines  what each does, where it stands, what it waits on, as data
  search    where addresses stand: on whose stack, in which variable
  waits     who waits for whom: who can go on, who is proved stuck, of whom it is not known
  moments   an earlier stop, or one of a recorded run, as plain data; when: questions about them
  scope     the parked goroutines among the variables that an editor sees
  unwinder  backtraces that end at their true root and pass through every instruction of a switch
  parking   the registers that parked goroutines put away
  corefile  writes a core file (no gdb in it)
  clients   who may ask such packets: one debugger at a time (no gdb in it)
  threads   goroutines as threads: an id, a name, registers, memory
  remote    shows these threads to any debugger, for `./lab serve`
  following  when a goroutine that is stepped leaves its thread, and where it comes back
  console   what commands share; walking, stepping, looking, lists, entering, waiting, inferior, remembering, panel: the
            commands, the only layer that prints; commands: gives them to gdb
  loading   puts it all into gdb for one program
"""
