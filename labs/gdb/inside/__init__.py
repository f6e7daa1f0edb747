"""The exercises inside gdb, on top of the rt0lab package and of labs/runner/exercises.

variables the runtime's own variables as bytes, and which of them changed
observe   reads the truth out of the learner's process, at the moments an exercise names
session   one learner at one exercise: answers, predictions, ticks, verdicts
names     how a name is written that gdb did not find
commands  `lab task|answer|predict|hint|check|invariants|next|solution`
witnessed evaluates a witness against the program's memory
bugs      what a bug hunt is judged by: the functions a patch changed, which witnesses hold
facts     what is true of goroutines, Ms and Ps beyond expressions, by name
stranger  a job whose program is a stranger's, and what is told of it
made      watches what a function of the learner's own does
schedules runs a program under a schedule that a seed chooses
leaving   leaves a core of a program whose goroutines all stand
untraced  the moments of a run as cores, where nothing may be traced
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


def judge_again(job_file: str) -> None:
    """Judges answers from a file on a stranger's program; see batch.again."""
    from . import batch

    batch.again(job_file)


def beside(path: str) -> None:
    """Says where the mirror's program is that an exercise on real Go looks at beside it."""
    from .facts import spinning

    spinning.beside(path)


def leave_core(path: str) -> None:
    """Leaves a core for an exercise that looks at one; see leaving.leave."""
    from . import leaving

    leaving.leave(path)


def watch(*arguments: str) -> None:
    """Watches what a learner's own function does; see made.run."""
    from . import made

    made.run(*arguments)


def schedule(job_file: str) -> None:
    """Runs a program under schedules that seeds choose; see schedules.run."""
    from . import schedules

    schedules.run(job_file)
