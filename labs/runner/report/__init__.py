"""A recorded boot to look at: as one HTML page in which one can walk, ask and predict, and as pictures of single
moments. May use host, likeness.

film       a trace as the page wants it: every value once, every stop as what differs from the one before
numbers    things by number, each kept once
sources    the lines of source around the stops
against    two runs beside each other: stops, fields and values that belong together
films      the ready-made ones, as the build makes them
notes      a teacher's notes, given away inside a film
perfetto   a run for Perfetto, a viewer of traces
words      the page's sentences, in both languages
pictures   one picture of one moment as an SVG file, by the page's own drawing scripts
page       the HTML file: templates, styles and scripts (all in page/) and a film, in one
"""
