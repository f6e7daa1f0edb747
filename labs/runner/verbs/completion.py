"""`lab completion SHELL`: what makes bash, zsh or fish complete `./lab`. The shell asks us at every TAB, and the answer
comes from the parser itself."""

import argparse
from argparse import Namespace
from collections.abc import Iterator

from rt0lab.words import tr

from ..exercises import forms
from ..failure import Failure
from ..parser import Parser
from ..tree import programs
from . import Verbs

# Each asks `lab completion SHELL of WORDS...` with the words before the cursor, and gets a candidate a line: the word,
# a tab, what it is. A candidate that is one of FILES or FOLDERS leaves it to the shell.
FILES = "//"
BASH = r"""_rt0lab() {
    local IFS=$'\n' line current=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    while read -r line; do
        if [ "$line" = // ]; then
            compopt -o default
        elif [[ "${line%%$'\t'*}" == "$current"* ]]; then
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done < <("$1" completion bash of "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -F _rt0lab lab ./lab
"""
ZSH = r"""#compdef lab
_rt0lab() {
    local line; local -a found
    for line in ${(f)"$("$words[1]" completion zsh of "${(@)words[2,CURRENT-1]}" 2>/dev/null)"}; do
        if [[ $line == // ]]; then _files; else found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}"); fi
    done
    _describe lab found
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D; }
compdef _rt0lab lab
"""
FISH = r"""function __rt0lab
    set -l words (commandline -opc)
    for line in ($words[1] completion fish of $words[2..] 2>/dev/null)
        if test $line = //
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c lab -f -a '(__rt0lab)'
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
HOW = {
    "bash": 'eval "$(./lab completion bash)"',
    "zsh": 'eval "$(./lab completion zsh)"',
    "fish": "./lab completion fish | source",
}


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "completion",
        help=tr("what makes your shell complete ./lab"),
        description=tr(
            "Prints what makes a shell complete verbs, options, exercises and programs behind ./lab. For "
            "one terminal, type the line of your shell below; for all, put it into ~/.bashrc, ~/.zshrc "
            "or ~/.config/fish/config.fish, with the whole path of lab."
        ),
        example="\n".join(HOW.values()),
    )
    verb.add_argument("shell", choices=SHELLS, metavar="|".join(SHELLS), help=tr("your shell"))
    verb.add_argument(
        "of", nargs=argparse.REMAINDER, metavar="of WORDS", help=tr("what the shell asks at every TAB")
    ).required = False
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints the shell's part, or the candidates that it asks for."""
    if args.of:
        for word, text in candidates(args.top, args.of[1:]):
            print(f"{word}\t{text}" if text else word)
    else:
        print(SHELLS[args.shell], end="")
    return 0


def candidates(parser: Parser, words: list[str]) -> Iterator[tuple[str, str]]:
    """(word, what it is) for everything that may come behind these words."""
    top, taken = parser, 0
    while words:
        word, words = words[0], words[1:]
        if word in parser.verbs():
            parser, taken = parser.verbs()[word], 0
            continue
        option = next((a for a in parser.arguments() if word in a.option_strings), None)
        if option is None:
            taken += 1
        elif option.nargs != 0:
            if not words:
                yield from _values(option, top)
                return
            words = words[1:]
    places = [action for action in parser.arguments() if not action.option_strings]
    place = places[min(taken, len(places) - 1)] if places else None
    if place and (taken < len(places) or place.nargs in ("*", argparse.REMAINDER)):
        yield from _values(place, top)
    yield from ((name, verb.purpose) for name, verb in parser.verbs().items())
    yield from (
        (name, action.help or "") for action in parser.arguments() for name in action.option_strings if name[:2] == "--"
    )


def _values(action, top):
    """What may stand in the place of an argument."""
    shown = str(action.metavar or "")
    if action.choices:
        yield from ((str(choice), "") for choice in action.choices)
    if shown == "VERB":
        yield from ((name, verb.purpose) for name, verb in top.verbs().items())
    if shown == "ID":
        yield from ((exercise.id, "") for exercise in _exercises())
    if shown.startswith("PROGRAM"):
        yield from ((name, "") for name in programs())
    if any(word in shown for word in ("FILE", "FOLDER", "BINARY", "PATH", "CORE", "ARGUMENTS")):
        yield FILES, ""


def _exercises():
    try:
        return forms.load_all()
    except Failure:
        return []  # nothing is said while somebody types
