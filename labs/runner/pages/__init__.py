"""What the notes show and say, held against what is so. Uses no other room.

sessions   the sessions that a page shows, run again
"""
