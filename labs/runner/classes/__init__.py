"""Classes: a roster with a seed for each student, what they hand in, and the grading of it. May use host, exercises.

Each line uses only those above it; none of them prints:
  roster, course    the teacher's list of students; the folder of a class: policy, key, seeds, tokens
  identity          what truths depend on, as hashes
  submission        what a student hands in: made here, and read from a file that may be anything
  entries           what lies in the folder of what was handed in
  marks, grading    what a submission came to, as data; how it comes to it
  invented          a class that nobody attends, to measure and test with
  spread, reports   many submissions, each in a process of its own; what course systems read
"""
