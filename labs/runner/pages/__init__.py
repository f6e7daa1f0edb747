"""What the notes show and say, held against what is so. Uses no other room.

shelf      which pages there are
claims     what they say about the source, and their shape
sessions   the sessions that a page shows, run again
"""
