"""The exercises: data and text in labs/NN-name/, judged against the learner's own process. May use host.

Each line uses only those above it; gdb's Python imports all but the last line, the command line all of them:
  literals, language, witness  what a learner types; the engine's sentences in which language; what proves a bug
  files, seed, patches         a file that may be anything; what differs between learners; what a patch changes
  types                        the types of answers: how each is read and compared with the truth
  forms, judge, state          the files of an exercise; verdicts; progress
  answers, guide               the file of answers; the way through the exercises, in the learner's language
  patched, variant             the runtime with a patch; the learner's program, linked anew
  golang                       a program of real Go, and its core
  ask, judging                 a gdb that judges without a terminal; the one door to a verdict
  skeleton, register           a new exercise, to be written; what people get wrong
  hunts, proof                 what authors must prove of bug hunts, and of all exercises
"""
