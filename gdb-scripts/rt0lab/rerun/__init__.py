"""The same boot once more, in a process of its own, one instruction at a time: which of them wrote what. Uses boot,
frames, program, state."""
