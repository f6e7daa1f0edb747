"""What `./lab editor` writes, driven as the editors drive it: over DAP and MI by the small clients, and in Neovim and
Emacs themselves where they are. tests/cli/test_editor.py has the rest of the verb."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from gdbrun import GDB

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds until what is waited for counts as what does not come
FIRST = "_rt0_amd64_linux"  # where a program begins, in both worlds
QUOTED = 'a "b" \\c it\'s ü %d @name@ \x1b\n$x'  # a name in which everything has to be quoted


@pytest.fixture
def written(tmp_path):
    """written(editor, program): the folder with what `./lab editor` wrote for it."""

    def write(editor, program="prodcons"):
        path = os.pathsep.join([os.path.dirname(shutil.which(GDB)), os.environ["PATH"]])
        done = subprocess.run(
            [ROOT / "lab", "editor", editor, str(program)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            env=os.environ | {"PATH": path},
        )
        assert done.returncode == 0, done.stderr
        return tmp_path

    return write


@pytest.fixture
def process(go_standing):
    """The id of a Go process whose goroutines stand still. Tests name it first: it ends last, when nobody holds it any
    more."""
    with subprocess.Popen([go_standing], stdout=subprocess.PIPE) as standing:
        standing.stdout.read(len("standing"))
        yield standing.pid
        assert standing.poll() is None, "the program did not live on"
        standing.kill()


@pytest.fixture
def named_badly(go_standing, tmp_path):
    """A program whose name has to be quoted."""
    (tmp_path / QUOTED).symlink_to(go_standing)
    return tmp_path / QUOTED


# ---- VS Code ---------------------------------------------------------------------------------------------------------


def vscode(folder, process=None):
    """(the extension's adapter, launch, attach), as VS Code reads them; no adapter where the extension is somebody
    else's."""
    text = (folder / ".vscode" / "launch.json").read_text().replace("${workspaceFolder}", str(folder))
    launch, attach = json.loads(text.replace("${input:rt0lab-process}", str(process)))["configurations"]
    manifest = folder / ".vscode" / "extensions" / "rt0lab" / "package.json"
    if not manifest.exists():
        return None, launch, attach
    debugger = json.loads(manifest.read_text())["contributes"]["debuggers"][0]
    assert launch["type"] == attach["type"] == debugger["type"]
    return [debugger["program"], *debugger["args"]], launch, attach


def started(dap, command, configuration):
    """An editor that has sent a configuration to the adapter that this command starts."""
    arguments = dict(configuration)
    editor = dap(command=command)
    editor.start(request=arguments.pop("request"), **arguments)
    editor.wait("stopped")
    return editor


def test_vscode_launches_the_mirror(dap, written):
    adapter, launch, _ = vscode(written("vscode"))
    assert started(dap, adapter, launch).frames()[0]["name"] == FIRST


def test_vscode_launches_a_go_program(dap, written, go_standing):
    adapter, launch, _ = vscode(written("vscode", go_standing))
    editor = started(dap, adapter, launch)
    assert editor.frames()[0]["name"] == FIRST
    assert "main.main" in editor.evaluate("rt0 until main.main", context="repl")["result"]


def test_vscode_launches_a_program_of_any_name(dap, written, named_badly):
    adapter, launch, _ = vscode(written("vscode", named_badly))
    assert launch["program"] == str(named_badly)


def test_vscode_shows_the_goroutines_of_a_process(process, dap, written, go_standing):
    adapter, _, attach = vscode(written("vscode", go_standing), process)
    names = [thread["name"] for thread in started(dap, adapter, attach).request("threads")["threads"]]
    assert sum("chan receive main.worker" in name for name in names) == 20


def eclipse(mi, configuration):
    """gdb as the adapter of Eclipse CDT starts it from a configuration."""
    editor = mi(command=[configuration["gdb"], "--interpreter=mi2", *configuration["gdbArguments"]])
    editor.command(f'-file-exec-and-symbols "{configuration["program"]}"')
    return editor


@pytest.fixture
def without_dap(process, written, go_standing):
    """(launch, attach) of a Go program for a gdb that has no DAP."""
    adapter, launch, attach = vscode(written("vscode", go_standing), process)
    if adapter:
        pytest.skip(
            "this gdb has DAP, so VS Code speaks that: RT0LAB_GDB=PATH names a gdb before 14 (Debian 12 brings 13)"
        )
    return launch, attach


def test_vscode_launches_without_dap(without_dap, mi):
    editor = eclipse(mi, without_dap[0])
    editor.command("-break-insert main.standing")
    editor.command("-exec-run")
    assert editor.wait("stopped", reason="breakpoint-hit")["frame"]["func"] == "main.standing"


def test_vscode_shows_the_goroutines_of_a_process_without_dap(without_dap, mi):
    editor = eclipse(mi, without_dap[1])
    for line in without_dap[1]["target"]["connectCommands"]:
        editor.console(line)
    names = [thread.get("name") or thread["target-id"] for thread in editor.command("-thread-info")["threads"]]
    assert sum("chan receive main.worker" in name for name in names) == 20


# ---- Neovim ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def neovim():
    """Neovim's command."""
    found = shutil.which("nvim")
    if not found:
        pytest.skip("there is no nvim: `apt-get install neovim` brings one")
    return found


NEOVIM = """
local function text()
  local found = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    vim.list_extend(found, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
  end
  return table.concat(found, "\\n")
end
-- As a user does; TermDebugSendCommand would first look whether Termdebug knows of the last stop.
local function type_in_gdb(line)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buffer):find("/lab$") then vim.fn.chansend(vim.bo[buffer].channel, line .. "\\r") end
  end
end
local function say(what)
  vim.fn.writefile({ vim.fn.json_encode(what) }, "said")
  vim.cmd("qall!")
end
local function wait(test)
  if not vim.wait(PATIENCE, test, 20) then say({ "this did not come", text() }) end
end
vim.cmd("luafile rt0lab.lua")
"""


def in_neovim(neovim, folder, script):
    """What a script in Lua leaves with `say`, run in a Neovim without a user's settings that has loaded what is in the
    folder."""
    (folder / "test.lua").write_text(NEOVIM.replace("PATIENCE", str(PATIENCE * 1000)) + script)
    words = ["--headless", "-n", "-u", "NONE", "-i", "NONE", "-c", "luafile test.lua", "-c", "qall!"]
    done = subprocess.run(
        [neovim, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3 * PATIENCE
    )
    assert (folder / "said").exists(), done.stderr
    return json.loads((folder / "said").read_text())


def test_neovim_walks_through_the_boot(neovim, written):
    """Read off gdb's window: Termdebug of 0.7 loses a stop that reaches it in two pieces, and with it the place in the
    source."""
    assert (
        in_neovim(
            neovim,
            written("nvim"),
            """
vim.cmd("Rt0lab")
wait(function() return text():find("New UI allocated") end)
type_in_gdb("starti")
wait(function() return text():find("_rt0_amd64_linux ()", 1, true) end)
type_in_gdb("rt0 until schedinit")
wait(function() return text():find("== stage %d+/%d+  schedinit =") end)
say("there")
""",
        )
        == "there"
    )


def test_neovim_shows_the_goroutines_of_a_process(process, neovim, written, go_standing):
    assert (
        in_neovim(
            neovim,
            written("nvim", go_standing),
            f"""
vim.cmd("Rt0labGoroutines {process}")
wait(function() return text():find("New UI allocated") end)
type_in_gdb("info threads")
local count
wait(function() _, count = text():gsub("chan receive main.worker", ""); return count == 20 end)
say(count)
""",
        )
        == 20
    )


@pytest.fixture
def nvim_dap(neovim, written, _has_dap):
    """nvim_dap(program, process): (adapter, launch, attach) as nvim-dap finds them; the user names the process when
    asked."""

    def read(program, process=0):
        adapter, launch, attach = in_neovim(
            neovim,
            written("nvim", program),
            f"""
local dap = {{ adapters = {{}}, configurations = {{}} }}
package.loaded.dap = dap
vim.fn.input = function() return "{process}" end
vim.cmd("luafile rt0lab.lua")
local launch, attach = unpack(dap.configurations.go)
attach.target = attach.target()
say({{ dap.adapters[launch.type], launch, attach }})
""",
        )
        assert adapter["type"] == "executable"
        return [adapter["command"], *adapter["args"]], launch, attach

    return read


# ---- Emacs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def emacs():
    """Emacs's command."""
    found = shutil.which("emacs")
    if not found:
        pytest.skip("there is no emacs: `apt-get install emacs-nox` brings one")
    return found


EMACS = """
(require 'json)
(require 'cl-lib)
(defun say (what) (with-temp-file "said" (insert (json-encode what))) (kill-emacs))
(defun text () (with-current-buffer gud-comint-buffer (buffer-string)))
(defun place () (and gud-last-last-frame (file-name-nondirectory (car gud-last-last-frame))))
(defun wait (test)
  (let ((end (+ (float-time) PATIENCE)))
    (while (not (funcall test))
      (accept-process-output nil 0.02)
      (when (> (float-time) end) (say (vector "this did not come" (place) (text)))))))
(defun type (line) (with-current-buffer gud-comint-buffer (goto-char (point-max)) (insert line) (comint-send-input)))
(setq confirm-kill-processes nil)
"""


def in_emacs(emacs, folder, script):
    """What a script in Lisp leaves with `say`, run in an Emacs without a user's settings."""
    (folder / "test.el").write_text(EMACS.replace("PATIENCE", str(PATIENCE)) + script)
    done = subprocess.run(
        [emacs, "-Q", "--batch", "-l", "test.el"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
    )
    assert (folder / "said").exists(), done.stderr
    return json.loads((folder / "said").read_text())


def test_emacs_steps_through_the_mirror(emacs, written):
    assert (
        in_emacs(
            emacs,
            written("emacs"),
            """
(load-file "rt0lab.el")
(rt0lab)
(wait (lambda () (string-match "(gdb)" (text))))
(type "tbreak runtime.schedinit")
(type "run")
; A step that overtakes Emacs's questions confuses it.
(wait (lambda () (and (equal (place) "proc.cpp") (null gdb-handler-list))))
(let ((first (cdr gud-last-last-frame)))
  (gud-call "-exec-next")
  (wait (lambda () (/= first (cdr gud-last-last-frame)))))
(say (place))
""",
        )
        == "proc.cpp"
    )


def test_emacs_shows_the_goroutines_of_a_process(process, emacs, written, go_standing):
    assert (
        in_emacs(
            emacs,
            written("emacs", go_standing),
            f"""
(load-file "rt0lab.el")
(rt0lab-goroutines {process})
(wait (lambda () (string-match "(gdb)" (text))))
(type "info threads")
(defun worker (line) (string-match "chan receive main.worker" line))
(wait (lambda () (= 20 (cl-count-if #'worker (split-string (text) "\n")))))
(say 20)
""",
        )
        == 20
    )


@pytest.fixture
def dape(emacs, written, _has_dap):
    """dape(program, process): (adapter, launch, attach) as dape finds them; the user names the process when asked."""

    def read(program, process=0):
        adapter, launch, attach = in_emacs(
            emacs,
            written("emacs", program),
            f"""
(defvar dape-configs nil)
(provide 'dape)
(load-file "rt0lab.el")
(defun read-number (&rest _) {process})
(let ((attach (cdr (nth 0 dape-configs))) (launch (cdr (nth 1 dape-configs))))
  (plist-put attach :target (funcall (plist-get attach :target)))
  (say (vector (cons (plist-get launch 'command) (plist-get launch 'command-args))
               (memq :program launch) (memq :program attach))))
""",
        )
        return adapter, launch, attach

    return read


# ---- the extensions that speak DAP -----------------------------------------------------------------------------------


@pytest.fixture(params=["nvim_dap", "dape"])
def extension(request):
    """What each of the two reads out of the file that was written for its editor: (adapter, launch, attach)."""
    return request.getfixturevalue(request.param)


def test_an_extension_launches_the_mirror(dap, extension):
    adapter, launch, _ = extension("prodcons")
    assert started(dap, adapter, launch).frames()[0]["name"] == FIRST


def test_an_extension_launches_a_program_of_any_name(dap, extension, named_badly):
    adapter, launch, _ = extension(named_badly)
    assert launch["program"] == str(named_badly)


def test_an_extension_shows_the_goroutines_of_a_process(process, dap, extension, go_standing):
    adapter, _, attach = extension(go_standing, process)
    assert any(
        "chan receive main.worker" in thread["name"]
        for thread in started(dap, adapter, attach).request("threads")["threads"]
    )
