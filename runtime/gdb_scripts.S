// gdb_scripts.S - tells gdb which Python file belongs to this program. Not loaded into memory, nothing runs it.

	.section .debug_gdb_scripts, "MS", @progbits, 1
	.byte	1				// 1: the name of a Python file follows
	.asciz	RT0LAB_GDB_SCRIPT
	.section .note.GNU-stack, "", @progbits
	.section .note.GNU-split-stack, "", @progbits
