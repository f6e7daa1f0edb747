"""g, m, p and sched as a whole at one stop: as data, what changed, what must hold, what was, and as a trace.

Uses boot, goroutines, frames and program."""
