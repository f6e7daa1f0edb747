"""The machine and what runs on it: no verb, no exercise. Uses no other room.

needs, packages       what the lab needs from the system, and how it is installed
suites, modules       tools of other Debian suites, without installing them; what tests use of npm
permits               what the machine permits, each thing tried
interruption, locks   how a signal ends the lab; one lab at a time changes a thing
build, target         the runtime, built; the program in an ELF file
debugger, traces      a gdb on a program; the record of one run
sandbox, pace         where what a stranger wrote runs; when something is late
listener, owner       where a server listens; whose process or core file it looks at
output                the file that a verb is to write
browser               a Chromium without a window, to look at pages
lint                  the tools that read this tree's source
"""
