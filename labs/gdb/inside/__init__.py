"""The exercises inside gdb, on top of the rt0lab package and of labs/runner/exercises.

observe   reads the truth out of the learner's process, at the moments an exercise names
session   one learner at one exercise: answers, predictions, ticks, verdicts
commands  `lab task|answer|predict|hint|check|next|solution`
batch     judges answers without a terminal, for `./lab check` and `./lab dev check`
"""


def begin(*arguments: str) -> None:
    """Opens an exercise for a learner; see commands.begin."""
    from . import commands

    commands.begin(*arguments)


def judge(*arguments: str) -> None:
    """Judges answers from a file; see batch.run."""
    from . import batch

    batch.run(*arguments)
