// padding.S - empty room at the beginning of a learner's program, so that no two learners have the same addresses.

	.section .note.GNU-stack, "", @progbits
	.section .note.GNU-split-stack, "", @progbits
	.text
	.skip	RT0LAB_PADDING, 0x90
