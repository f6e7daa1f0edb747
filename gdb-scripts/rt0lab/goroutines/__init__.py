"""What each goroutine does, where it stands, what it waits on, who may wake it, and on which thread it is.

Uses frames, heap and program."""
