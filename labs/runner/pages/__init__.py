"""What the notes show and say, held against what is so, and the notes as a site. May use host,
report.

shelf      which pages there are
claims     what they say about the source, and their shape
sessions   the sessions that a page shows, run again
pictures   the pictures that a page shows, made again
screens    the README's pictures of the tour and the film
book       the site; what its generator reads is in site/
"""
