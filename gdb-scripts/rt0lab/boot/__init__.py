"""The boot: its stages, and stopping at them. Uses program."""
