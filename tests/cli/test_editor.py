"""`lab editor`: what it writes, and that nothing of the user's is written over.

tests/editors/test_editors_written.py uses what it writes.
"""

import json
import os
import subprocess

import pexpect
import pytest
from runner.editors import jsonc

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WRITTEN = {"vscode": ".vscode/launch.json", "nvim": "rt0lab.lua", "emacs": "rt0lab.el"}
EDITORS = pytest.mark.parametrize("editor", WRITTEN)
THEIRS = '// mine\n{ "configurations": [ { "name": "theirs", }, ] } // end\n'


@pytest.fixture
def asked(tmp_path):
    """asked(answer, word...): what ./lab editor WORD... says at a terminal to a user who answers its questions like
    this."""

    def run(answer, *words):
        child = pexpect.spawn(f"{ROOT}/lab", ["editor", *words], cwd=tmp_path, encoding="utf-8", timeout=120)
        said = ""
        while child.expect_exact(["[y/N] ", pexpect.EOF]) == 0:
            said += child.before
            child.sendline(answer)
        child.close()
        assert child.exitstatus == 0, child.before
        return said + child.before

    return run


@EDITORS
def test_a_file_is_written_into_the_folder(lab, tmp_path, editor):
    assert lab("editor", editor, "prodcons", "--folder", tmp_path).returncode == 0
    assert "prodcons" in (tmp_path / WRITTEN[editor]).read_text()


@EDITORS
def test_the_file_says_where_the_lab_is(lab, tmp_path, editor):
    lab("editor", editor, cwd=tmp_path)
    assert f"{ROOT}/" in (tmp_path / WRITTEN[editor]).read_text()


@EDITORS
def test_twice_is_once(lab, tmp_path, editor):
    lab("editor", editor, cwd=tmp_path)
    before = (tmp_path / WRITTEN[editor]).stat().st_mtime_ns
    assert lab("editor", editor, cwd=tmp_path).stdout.startswith("nothing to do")
    assert (tmp_path / WRITTEN[editor]).stat().st_mtime_ns == before


@EDITORS
def test_without_a_terminal_nothing_is_written_over(lab, one_line, tmp_path, editor):
    file = tmp_path / WRITTEN[editor]
    file.parent.mkdir(exist_ok=True)
    file.write_text(THEIRS)
    assert "not changed without asking" in one_line(lab("editor", editor, cwd=tmp_path), 1)
    assert file.read_text() == THEIRS
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]  # none of the other files either


@EDITORS
def test_whoever_says_no_keeps_everything(asked, tmp_path, editor):
    file = tmp_path / WRITTEN[editor]
    file.parent.mkdir(exist_ok=True)
    file.write_text(THEIRS)
    assert "nothing was changed" in asked("", editor)
    assert file.read_text() == THEIRS


def test_configurations_are_added_to_those_that_are_there(asked, tmp_path):
    file = tmp_path / ".vscode" / "launch.json"
    file.parent.mkdir()
    file.write_text(THEIRS)
    asked("y", "vscode")
    text = file.read_text()
    assert [each["name"] for each in jsonc.parsed(text)["configurations"]] == [
        "rt0lab: hello",
        "rt0lab: goroutines of a running hello",
        "theirs",
    ]
    assert text.startswith("// mine\n") and text.endswith("// end\n")


def test_a_second_program_is_added(asked, tmp_path):
    asked("y", "vscode", "hello")
    asked("y", "vscode", "prodcons")
    written = jsonc.parsed((tmp_path / ".vscode" / "launch.json").read_text())
    assert (len(written["configurations"]), len(written["inputs"])) == (4, 1)


def test_another_configuration_of_the_same_name_is_named(lab, one_line, tmp_path):
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "launch.json").write_text('{"configurations": [{"name": "rt0lab: hello"}]}')
    assert 'another "rt0lab: hello"' in one_line(lab("editor", "vscode", cwd=tmp_path), 1)


def test_a_launch_json_that_is_none_is_left_alone(lab, one_line, tmp_path):
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "launch.json").write_bytes(b"\xff{")
    assert "cannot be added to" in one_line(lab("editor", "vscode", cwd=tmp_path), 1)


def test_a_file_of_another_kind_is_not_opened(lab, one_line, tmp_path):
    os.mkfifo(tmp_path / "rt0lab.el")
    assert "no regular file" in one_line(lab("editor", "emacs", cwd=tmp_path), 1)


def test_a_link_stays_a_link(asked, tmp_path):
    (tmp_path / "real").write_text("mine")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "rt0lab.el").symlink_to("real")
    asked("y", "emacs")
    assert (tmp_path / "rt0lab.el").is_symlink() and "rt0lab" in (tmp_path / "real").read_text()
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_to(lab, one_line, tmp_path):
    (tmp_path / ".vscode").write_text("a file where a folder would have to be")
    assert ".vscode: File exists" in one_line(lab("editor", "vscode", cwd=tmp_path), 1)


def test_print_writes_nothing(lab, tmp_path):
    comment, _, text = lab("editor", "vscode", "--print", cwd=tmp_path).stdout.partition("\n")
    assert comment == f"// {tmp_path}/.vscode/launch.json" and list(tmp_path.iterdir()) == []
    assert json.JSONDecoder().raw_decode(text)[0]["configurations"][0]["name"] == "rt0lab: hello"


@pytest.mark.parametrize(
    "words",
    [["ed"], [], ["vscode", "a", "b"], ["vscode", "nonsense"], ["vscode", "--folder", "/nonexistent"]],
    ids=" ".join,
)
def test_wrong_usage_is_2(lab, tmp_path, words):
    result = lab("editor", *words, cwd=tmp_path)
    assert result.returncode == 2 and "Traceback" not in result.stderr and list(tmp_path.iterdir()) == []


def test_a_program_that_gdb_cannot_show_is_refused(lab, one_line, compiled, tmp_path):
    assert "neither rt0lab's runtime nor Go's" in one_line(lab("editor", "vscode", compiled()), 2)


def test_names_that_are_no_text_are_refused(go_standing, lab, one_line, tmp_path):
    os.symlink(go_standing, os.fsencode(tmp_path) + b"/\xff")
    assert "names in UTF-8" in one_line(lab("editor", "emacs", os.fsdecode(b"./\xff"), cwd=tmp_path), 2)


@pytest.mark.parametrize("words", [["--gdb=/bin/true"], ["--gdb", "/bin/true"]])
def test_gdb_can_be_chosen(lab, one_line, words):
    assert "/bin/true is no gdb" in one_line(lab("gdb", *words, "hello"), 2)


def test_a_choice_without_a_gdb_is_wrong_usage(lab, one_line):
    assert "--gdb wants a gdb" in one_line(lab("gdb", "--gdb"), 2)


@pytest.mark.parametrize("words", [["gdb"], ["tour"], ["trace", "-o", "{}/t.json"], ["compare"], ["editor", "nvim"]])
def test_one_variable_chooses_the_gdb_of_every_verb(lab, one_line, words, tmp_path):
    chosen = os.environ | {"RT0LAB_GDB": "/bin/true"}
    assert "/bin/true is no gdb" in one_line(lab(*(word.format(tmp_path) for word in words), env=chosen), 2)


@pytest.mark.parametrize(
    "words, reason", [(["--gdb=/bin/true", "hello"], "/bin/true is no gdb"), (["nonsense"], "there is no program")]
)
def test_an_editor_hears_why_there_is_no_gdb(words, reason):
    """It shows what an adapter answers, and drops what it says otherwise."""
    request = json.dumps({"seq": 7, "type": "request", "command": "initialize", "arguments": {}})
    done = subprocess.run(
        [f"{ROOT}/lab", "gdb", *words, "-i=dap"],
        input=f"Content-Length: {len(request)}\r\n\r\n{request}",
        capture_output=True,
        text=True,
        timeout=120,
    )
    head, _, body = done.stdout.partition("\n\n")  # the text of a pipe has no \r
    answer = json.loads(body)
    assert head == f"Content-Length: {len(body)}" and answer["request_seq"] == 7 and not answer["success"]
    assert reason in answer["message"] and reason in answer["body"]["error"]["format"]


@pytest.mark.parametrize(
    "text", ["", "\n", "Content-Length: x\r\n\r\n", "Content-Length: 2\r\n\r\n[]", "Content-Length: 99\r\n\r\n{"]
)
def test_what_is_no_request_gets_no_answer(text):
    done = subprocess.run(
        [f"{ROOT}/lab", "gdb", "nonsense", "-i=dap"], input=text, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
