"""What editors must be told to debug a program in our gdb. May use host.

jsonc               JSON with comments, read and added to
subject             the program, and what starts gdb on it
files               new files, and additions to what is there
vscode, nvim, emacs one editor's files each: `files(subject)`
"""
