"""Each Go under each gdb, built in each way, live and as a core file, held against the program's own word.
May use host.

every      all cells that are chosen, one after the other
cells      what there is to try, the choice of it, and the table
witness    the program that is looked at, built by each Go
look       one cell: gdb looks at the witness
inside     what gdb does and notes, for `look`
said       goroutines as Go's runtime writes them
held       what gdb showed, held against that
"""
