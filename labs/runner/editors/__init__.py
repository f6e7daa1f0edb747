"""What an editor's own files look like. Uses no other room.

jsonc   JSON with comments, read and added to
"""
