"""Backtraces, through switches and of parked goroutines, and places in the code. Uses program."""
