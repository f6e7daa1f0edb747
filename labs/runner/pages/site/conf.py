"""How Sphinx makes the book of one language: its parser (MyST), its look (theme/), the colours of our two kinds of
sessions, and a search that finds Chinese words. Kept to what Sphinx 5.3 and 8.1 both know."""

import re
from pathlib import Path

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Generic
from sphinx.application import Sphinx
from sphinx.search import SearchLanguage, languages

project = "rt0lab"
extensions = ["myst_parser"]
myst_heading_anchors = 3
highlight_language = "text"

html_theme = "theme"
html_theme_path = ["."]
html_title = project
html_permalinks_icon = "#"
locale_dirs = [str(Path(__file__).with_name("locale"))]
html_use_index = False
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # it would fetch the pages, which a browser refuses to a book that is read from a disk


class SessionLexer(RegexLexer):
    """What stands in a fence `session` or `gdb`: prompts with what is typed, and what was printed."""

    name = "session"
    tokens = {
        "root": [
            (r"^(\$|\(gdb\))( .*\n)", bygroups(Generic.Prompt, Generic.Strong)),
            (r"^\.\.\.\n", Comment),
            (r"^== .* ==\n", Generic.Heading),
            (r"^.*\n", Generic.Output),
        ]
    }


class SearchPairs(SearchLanguage):
    """A search for text without spaces between its words: each character is found, and each pair of neighbours.

    Needs no dictionary, so that it also knows the words that only this project uses, and cuts what is asked for just as
    what is written was cut.
    """

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = """
function splitQuery(query) {
  const words = query.match(/[\\u4e00-\\u9fff]+|(?:(?![\\u4e00-\\u9fff])[\\p{L}\\p{N}_])+/gu) || [];
  return words.flatMap((word) => {
    if (!/[\\u4e00-\\u9fff]/.test(word) || word.length === 1) return [word];
    return Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2));
  });
}
"""

    def split(self, input: str) -> list[str]:
        """The words of a text, as they are looked for."""
        found = []
        for word in re.findall(r"[\u4e00-\u9fff]+|[^\W\u4e00-\u9fff]+", input):
            han = "\u4e00" <= word[0] <= "\u9fff"
            found += [*word, *(word[i : i + 2] for i in range(len(word) - 1))] if han else [word]
        return found


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    for kind in ("session", "gdb"):
        app.add_lexer(kind, SessionLexer)
    languages[SearchPairs.lang] = SearchPairs
