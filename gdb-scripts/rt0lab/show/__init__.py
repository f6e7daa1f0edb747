"""Text for what the rooms above know: lines, cards, panels, tables, and what gdb prints for values and frames."""
