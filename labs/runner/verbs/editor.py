"""`lab editor vscode|nvim|emacs`: writes what an editor must be told to debug a program in our gdb, and to look at
goroutines.

Every file starts gdb through `lab gdb`, so that the editor's gdb is the one of the prompt: same choice, same settings,
our commands. Editors speak DAP with it where gdb can (from 14 on), else MI, with what is built into them. What is there
already is added to or written over only if the user says so.
"""

import contextlib
import dataclasses
import json
import os
import re
import shlex
import sys
from pathlib import Path

from rt0lab.formats import untrusted

from ..editors import jsonc
from ..failure import USAGE, Failure
from ..host import debugger, permits
from ..tree import ROOT
from . import gdb

LAB = str(ROOT / "lab")
PROCESS = "rt0lab-process"  # VS Code asks for it before it looks at a process
MAX_SETTINGS = 1 << 20  # bytes of an editor's file that are read
# What starts behind the pipe looks at a whole process first; gdb waits 2 s by itself.
PATIENT = ["-iex", "set remotetimeout 60"]


def register(verbs):
    verb = verbs.add_parser(
        "editor",
        help="write what VS Code, Neovim or Emacs need to debug a program here",
        description=(
            "Writes the files with which an editor starts a program in gdb with the rt0 commands, and "
            "looks at a process's goroutines as threads: .vscode/launch.json (and a small extension, if gdb speaks "
            "the debug adapter protocol), rt0lab.lua, or rt0lab.el. A launch.json that is there is added to, any "
            "other file is written over, and only after a question."
        ),
    )
    verb.add_argument("editor", choices=WRITERS, help="the editor")
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY",
        help="a program of runtime/programs (default: hello), or the path of a Go program",
    )
    verb.add_argument(
        "--folder", default=".", metavar="FOLDER", help="the folder that the editor opens (default: this one)"
    )
    verb.add_argument("--print", action="store_true", help="print what would be written, and write nothing")
    verb.set_defaults(run=run)


def run(args):
    """Writes the files, or prints them; says what to do next."""
    target = debugger.program(args.program)
    try:
        f"{target.path}{LAB}".encode()
    except UnicodeEncodeError:
        raise Failure(f"{target.path}: editors know only names in UTF-8; rename it", USAGE) from None
    folder = Path(args.folder).resolve()
    if not folder.is_dir():
        raise Failure(f"{args.folder} is no folder", USAGE)
    ours = target.path.startswith(str(ROOT / "build"))
    name, chosen = os.path.basename(target.path), os.path.abspath(permits.find_gdb())
    subject = Subject(name, target.path, name if ours else target.path, chosen, permits.speaks_dap(chosen))
    files, after = WRITERS[args.editor](subject)
    if args.print:
        for name, content in files.items():
            print(f"{content.comment} {folder / name}\n{content.fresh()}")
        return 0
    # All that can be refused is, before the first file is written.
    writes = [write for name, content in files.items() if (write := due(folder / name, content))]
    for path, text, question in writes:
        if question and not agreed(f"{untrusted.shown(str(path))} {question}"):
            print("nothing was changed")
            return 0
    for path, text, question in writes:
        written(path, text)
        print(f"wrote {path}")
    if not writes:
        print(f"nothing to do, {', '.join(map(str, files))} {'is' if len(files) == 1 else 'are'} as they should be")
    print(after)
    return 0


@dataclasses.dataclass
class Subject:
    """The program: how people call it, its file, how `lab gdb` is told of it (one of ours is built anew where it must
    be); and the gdb."""

    name: str
    path: str
    word: str
    gdb: str
    dap: bool  # whether this gdb speaks the debug adapter protocol

    def command(self, *words):
        """What starts gdb on the program, `words` ending its command line: not PATH's gdb, an editor may have another
        PATH."""
        return [LAB, "gdb", gdb.CHOICE + self.gdb, self.word, *words]


def pipe(process):
    """What gdb is told to connect to: a process's goroutines, served for as long as it looks."""
    return f"| {shlex.quote(LAB)} serve --stdio {process}"


# ---- the files of each editor ----------------------------------------------------------------------------------------


@dataclasses.dataclass
class Whole:
    """A file that is ours as a whole."""

    text: str
    comment: str

    def fresh(self):
        """The text of a new file."""
        return self.text

    def changed(self, text):
        """(the text that takes the place of this one, the question about it)."""
        return self.text, "is there already, with something else in it. Write over it?"


@dataclasses.dataclass
class Listed:
    """VS Code's list of configurations, in which others may stand beside ours."""

    items: dict  # list: its items
    comment = "//"

    def fresh(self):
        """The text of a new file."""
        return json.dumps({"version": "0.2.0"} | self.items, indent=4, ensure_ascii=False) + "\n"

    def changed(self, text):
        """(the text with what it lacks of ours, the question about it)."""
        there, missing = jsonc.parsed(text), 0
        for key, items in self.items.items():
            found = there.get(key, []) if isinstance(there, dict) else []
            lacking = [item for item in items if item not in found]
            called = {item.get(word) for item in found if isinstance(item, dict) for word in ("name", "id")} - {None}
            for item in lacking:
                if (name := item.get("name", item.get("id"))) in called:
                    raise jsonc.Unreadable(f'it has another "{name}"; remove that first')
            text = jsonc.with_items(text, key, lacking) if lacking else text
            missing += len(lacking)
        return text, f"is there already. Add {missing} item{'s' * (missing > 1)} to it, and leave the rest as it is?"


def vscode(subject):
    """launch.json; where gdb speaks DAP, also an extension that says how to start it, else for Eclipse CDT's, which
    speaks MI."""
    if subject.dap:
        common = {"type": "rt0lab", "program": subject.path}
        launch = common | {"request": "launch", "args": [], "cwd": "${workspaceFolder}", "stopOnEntry": True}
        attach = common | {"request": "attach", "target": pipe(f"${{input:{PROCESS}}}")}
    else:
        words = debugger.command(subject, gdb=subject.gdb)[1:]
        words.remove(subject.path)
        common = {"type": "gdb", "program": subject.path, "gdb": subject.gdb, "gdbArguments": words}
        launch = common | {"request": "launch", "arguments": "", "cwd": "${workspaceFolder}"}
        attach = common | {
            "type": "gdbtarget",
            "request": "attach",
            "gdbArguments": words + PATIENT,
            "target": {"connectCommands": ["target remote " + pipe(f"${{input:{PROCESS}}}")]},
        }
    names = f"rt0lab: {subject.name}", f"rt0lab: goroutines of a running {subject.name}"
    configurations = [{"name": name} | configuration for name, configuration in zip(names, (launch, attach))]
    asked = {"id": PROCESS, "type": "promptString", "description": "process id, as `pidof` says it"}
    files = {Path(".vscode/launch.json"): Listed({"configurations": configurations, "inputs": [asked]})}
    if subject.dap:
        files[Path(".vscode/extensions/rt0lab/package.json")] = Whole(
            json.dumps(extension(subject), indent=4) + "\n", "//"
        )
        return (
            files,
            "In VS Code: open the folder, install the extension rt0lab (Extensions, `@recommended`), and press F5.",
        )
    return (
        files,
        (
            "In VS Code: install `CDT GDB Debug Adapter Extension`, and press F5. (A gdb from 14 on needs no extension"
            " of others.)"
        ),
    )


def extension(subject):
    """package.json of an extension without code: VS Code reads from it what to start for the type `rt0lab`, and with
    what.

    It is the same for all programs: the one that a configuration names takes the place of hello.
    """
    program, *words = dataclasses.replace(subject, word="hello").command(*PATIENT, gdb.DAP)
    return {
        "name": "rt0lab",
        "displayName": "rt0lab",
        "publisher": "rt0lab",
        "version": "0.0.1",
        "license": "MIT",
        "description": "Debugs with gdb's own adapter and the rt0 commands.",
        "engines": {"vscode": "^1.89.0"},
        "categories": ["Debuggers"],
        "contributes": {
            "languages": [{"id": "asm", "extensions": [".S", ".s"], "aliases": ["Assembly"]}],
            "breakpoints": [{"language": language} for language in ("asm", "cpp", "c", "go")],
            "debuggers": [
                {
                    "type": "rt0lab",
                    "label": "rt0lab",
                    "languages": ["asm", "cpp", "go"],
                    "program": program,
                    "args": words,
                    "configurationAttributes": {
                        "launch": {
                            "required": ["program"],
                            "properties": {
                                "program": {"type": "string", "description": "the program's file"},
                                "args": {"type": "array", "description": "its arguments"},
                                "cwd": {"type": "string", "description": "the folder that it runs in"},
                                "env": {"type": "object", "description": "its environment: GOMAXPROCS, say"},
                                "stopOnEntry": {"type": "boolean", "description": "stop at its first instruction"},
                                "stopAtBeginningOfMainSubprogram": {
                                    "type": "boolean",
                                    "description": "stop in main.main",
                                },
                            },
                        },
                        "attach": {
                            "required": ["program", "target"],
                            "properties": {
                                "program": {"type": "string", "description": "the program's file"},
                                "target": {
                                    "type": "string",
                                    "description": "what gdb's `target remote` takes: | COMMAND, a socket, HOST:PORT",
                                },
                            },
                        },
                    },
                }
            ],
        },
    }


def nvim(subject):
    """A Lua file: commands around the built-in Termdebug, and configurations for nvim-dap where gdb speaks DAP."""
    text = filled(NVIM + NVIM_DAP * subject.dap, subject, lua, ", ")
    use = "`:luafile rt0lab.lua`, then `:Rt0lab`" + ", or nvim-dap's `:DapNew`" * subject.dap
    return {Path("rt0lab.lua"): Whole(text, "--")}, f"In Neovim: {use}."


def emacs(subject):
    """An Emacs Lisp file: commands around the built-in M-x gdb, and configurations for dape where gdb speaks DAP."""
    text = filled(EMACS + EMACS_DAPE * subject.dap, subject, lisp, " ")
    use = "`M-x load-file RET rt0lab.el`, then `M-x rt0lab`" + ", or dape's `M-x dape`" * subject.dap
    return {Path("rt0lab.el"): Whole(text, ";;")}, f"In Emacs: {use}."


WRITERS = {"vscode": vscode, "nvim": nvim, "emacs": emacs}


def filled(text, subject, quoted, comma):
    """A template whose @NAME@ become what the program has by that name, quoted."""
    values = {
        "name": [subject.name],
        "path": [subject.path],
        "serve": [pipe("")],
        "lab": [LAB],
        "patient": PATIENT,
        "command": subject.command(),
        "adapter": subject.command(*PATIENT, gdb.DAP)[1:],
    }
    return re.sub("@([a-z]+)@", lambda found: comma.join(map(quoted, values[found[1]])), text)


def lua(text):
    """A text as a string of Lua's; nothing that ends a line or a string is in it as it is."""
    return (
        '"'
        + "".join(c if c.isprintable() and c not in '"\\' else "".join(f"\\{b:03}" for b in c.encode()) for c in text)
        + '"'
    )


def lisp(text):
    """A text as a string of Emacs Lisp's."""
    return (
        '"' + "".join(f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\N{{U+{ord(c):x}}}" for c in text) + '"'
    )


NVIM = """\
-- rt0lab in Neovim. `./lab editor nvim` wrote this; `:luafile rt0lab.lua` loads it.
--   :Rt0lab                gdb on the program, beside its source (Termdebug)
--   :Rt0labGoroutines PID  the goroutines of a process that runs it, as threads

local function debug(...)
  local command = vim.list_extend({ @command@ }, { ... })
  vim.cmd("packadd termdebug")
  vim.g.termdebugger = command
  if vim.g.termdebug_config then
    vim.g.termdebug_config = vim.tbl_extend("force", vim.g.termdebug_config, { command = command })
  end
  vim.cmd("Termdebug")
end

local function goroutines(process)
  return @serve@ .. string.format("%d", tonumber(process))
end

vim.api.nvim_create_user_command("Rt0lab", function() debug() end, {})
vim.api.nvim_create_user_command("Rt0labGoroutines", function(command)
  debug(@patient@, "-ex", "target remote " .. goroutines(command.args))
end, { nargs = 1 })
"""

NVIM_DAP = """
-- For nvim-dap, if it is there: gdb speaks its protocol itself.
local found, dap = pcall(require, "dap")
if found then
  local name, path = @name@, @path@
  local kind = "rt0lab " .. name
  dap.adapters[kind] = { type = "executable", command = @lab@, args = { @adapter@ } }
  for _, language in ipairs({ "asm", "cpp", "go" }) do
    dap.configurations[language] = vim.list_extend(dap.configurations[language] or {}, {
      { name = "rt0lab: " .. name, type = kind, request = "launch", program = path, stopOnEntry = true },
      { name = "rt0lab: goroutines of a running " .. name, type = kind, request = "attach", program = path,
        target = function() return goroutines(vim.fn.input("process id: ")) end },
    })
  end
end
"""

EMACS = """\
;;; rt0lab.el --- rt0lab in Emacs -*- lexical-binding: t -*-
;; `./lab editor emacs` wrote this; `M-x load-file' loads it.
;;   M-x rt0lab             gdb on the program, beside its source (M-x gdb)
;;   M-x rt0lab-goroutines  the goroutines of a process that runs it, as threads

(defun rt0lab--gdb (&rest words)
  "Start gdb with the rt0 commands, its command line ending in WORDS."
  (gdb (combine-and-quote-strings (append (list @command@ "-i=mi") words))))

(defun rt0lab--goroutines (process)
  "What gdb connects to for the goroutines of PROCESS, a number."
  (format "%s%d" @serve@ process))

(defun rt0lab ()
  "Debug the program with the rt0 commands."
  (interactive)
  (rt0lab--gdb))

(defun rt0lab-goroutines (process)
  "Look at the goroutines of PROCESS, a number, as threads."
  (interactive "nProcess: ")
  (rt0lab--gdb @patient@ "-ex" (concat "target remote " (rt0lab--goroutines process))))
"""

EMACS_DAPE = """
;; For dape, if it is there: gdb speaks its protocol itself.
(with-eval-after-load 'dape
  (let ((common '(modes (asm-mode c++-mode go-mode) command @lab@
                  command-args (@adapter@) :program @path@)))
    (push `(,(intern (concat "rt0lab-" @name@)) ,@common :request "launch" :stopOnEntry t) dape-configs)
    (push `(,(intern (concat "rt0lab-goroutines-" @name@)) ,@common :request "attach"
            :target ,(lambda () (rt0lab--goroutines (read-number "Process: "))))
          dape-configs)))
"""

# ---- writing ---------------------------------------------------------------------------------------------------------


def due(path, content):
    """(path, text, question or None) if something has to be written there; Failure if that cannot be."""
    try:
        if not os.path.lexists(path):
            return path, content.fresh(), None
        now = untrusted.contents(path, MAX_SETTINGS).decode()
        text, question = content.changed(now)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; nothing was written") from None
    except (jsonc.Unreadable, UnicodeDecodeError) as error:
        reason = error if isinstance(error, jsonc.Unreadable) else "it is no text in UTF-8"
        raise Failure(f"{path} cannot be added to: {reason} (--print shows what is to be in it)") from None
    if text == now:
        return None
    if not sys.stdin.isatty():
        raise Failure(
            f"{path} is there already, and is not changed without asking; run this at a terminal, or see --print"
        )
    return path, text, question


def agreed(question):
    """Whether the user, who is at a terminal, says yes."""
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def written(path, text):
    """Writes a file as a whole or not at all; a link stays one, and a file's mode stays."""
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(beside, "x", encoding="utf-8") as file:
                file.write(text)
            with contextlib.suppress(FileNotFoundError):
                os.chmod(beside, path.stat().st_mode & 0o777)
            os.replace(beside, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)
    except OSError as error:
        raise Failure(f"cannot write {error.filename or path}: {error.strerror}") from None
