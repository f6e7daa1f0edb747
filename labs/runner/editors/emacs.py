"""What Emacs needs: an Emacs Lisp file around M-x gdb, and for dape where gdb speaks the debug adapter protocol."""

from pathlib import Path

from .files import Files, Whole
from .subject import Subject, filled

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


def files(subject: Subject) -> tuple[Files, str]:
    """An Emacs Lisp file: commands around the built-in M-x gdb, and configurations for dape where gdb speaks DAP."""
    text = filled(EMACS + EMACS_DAPE * subject.dap, subject, lisp, " ")
    use = "`M-x load-file RET rt0lab.el`, then `M-x rt0lab`" + ", or dape's `M-x dape`" * subject.dap
    return {Path("rt0lab.el"): Whole(text, ";;")}, f"In Emacs: {use}."


def lisp(text: str) -> str:
    """A text as a string of Emacs Lisp's."""
    return (
        '"' + "".join(f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\N{{U+{ord(c):x}}}" for c in text) + '"'
    )
