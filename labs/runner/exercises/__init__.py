"""The exercises: data and text in labs/NN-name/, judged against the learner's own process.

Layers, each using only those above it; gdb's Python imports the first two groups, the command line all of them:
  literals, language, screen   what a learner types; which language; how text fits a terminal
  forms, judge, state, answers the files of an exercise; verdicts; progress; the file of answers
  seed, variant, ask           what differs between learners; their program; a gdb that judges without a terminal
  verbs, devcheck              `lab list|next|goto|run|hint|check|reset|solution`, `lab dev check`
"""
