"""What one types in gdb, each file named after it: `rt0 waits` is in waits, `info goroutines` in info.

Only these print."""
