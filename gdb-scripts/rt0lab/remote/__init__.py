"""Goroutines as the threads of a remote target, for any debugger. Uses goroutines, frames and program."""
