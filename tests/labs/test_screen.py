"""Text on 80 columns: Chinese characters take two, and do not begin a line with a full stop."""

from learners import ROOT  # noqa: F401  (puts the runner into the path)

import runner  # noqa: F401  (puts our gdb package into the path)
from rt0lab.words import screen


def test_width_counts_chinese_twice():
    assert screen.width("a中，") == 5


def test_wrap_keeps_to_the_columns():
    lines = screen.wrap("程序并不是从 main 开始的。" * 9 + "word " * 40, "  [lab] ", "        ")
    assert len(lines) > 3 and max(map(screen.width, lines)) <= screen.WIDTH


def test_wrap_loses_nothing():
    text = "内核（kernel）把文件装进内存，然后跳过去。跳到哪里，它总得从什么地方读到。" * 5
    assert "".join(screen.wrap(text)) == text


def test_no_line_begins_with_punctuation_or_ends_in_a_bracket():
    lines = [line for columns in range(20, 60) for line in screen.wrap("内核（一，二。三）：" * 9, columns=columns)]
    assert not [line for line in lines if line[0] in "，。）：" or line[-1] == "（"]


def test_line_breaks_stay():
    assert screen.wrap("one\ntwo", "> ", "  ") == ["> one", "  two"]


def test_no_space_after_a_chinese_full_stop():
    assert (screen.joined("还不对：", "看"), screen.joined("no:", "look")) == ("还不对：看", "no: look")
