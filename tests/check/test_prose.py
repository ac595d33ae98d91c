"""prose: paragraphs with their lines, references by their keys, and nothing of what is no prose."""

from __future__ import annotations

import pytest

from assistant.check.prose import DraftParagraph, manuscript

MARKDOWN = """---
title: Kites [@a]
---
# Heading [@a]

One *line*
and another.

> Quoted.

- First.
- Second.

| a [1] | b |
|---|---|
| c | d |

```
code [1]
```

    indented [1]

[^1]: See there.

## References

[1] A. Kite. The Wind.
  Journal, 2020.
2. Snow.
- Unnumbered.

### Still references

[3] Third.

## Appendix

Last.
"""
LATEX = r"""\documentclass{article}
\title{No prose}
\begin{document}
\section{Kites \cite{a}}
They fly \emph{far}, % not this
by 5\% more.
\begin{figure}
No prose.
\end{figure}

\begin{itemize}
\item An item~here.
\end{itemize}
\[ x = 1 \]
\begin{thebibliography}{9}
\bibitem{a} A. Kite. \newblock The Wind.
\bibitem[B]{b} Snow.
\end{thebibliography}
\end{document}
Nothing after the end.
"""


def test_paragraphs_of_markdown_know_their_lines() -> None:
    draft = manuscript(MARKDOWN)
    assert draft.paragraphs == (
        DraftParagraph(6, "One *line*\nand another."),
        DraftParagraph(9, "Quoted."),
        DraftParagraph(11, "First."),
        DraftParagraph(12, "Second."),
        DraftParagraph(24, "See there."),
        DraftParagraph(39, "Last."),
    )
    assert draft.plain(draft.paragraphs[0].text) == "One line and another."


def test_references_of_markdown_have_their_numbers() -> None:
    assert manuscript(MARKDOWN).references == {
        "^1": "See there.",
        "1": "A. Kite. The Wind. Journal, 2020.",
        "2": "Snow.",
        "#3": "Unnumbered.",
        "3": "Third.",
    }


def test_references_of_plain_text_begin_at_a_line_that_says_so() -> None:
    draft = manuscript("It flies [1].\r\n\r\nReferences\r\n[1] The Wind.\r\n[2] Snow.")
    assert [paragraph.text for paragraph in draft.paragraphs] == ["It flies [1]."]
    assert draft.references == {"1": "The Wind.", "2": "Snow."}


def test_references_may_have_the_keys_by_which_they_are_cited() -> None:
    draft = manuscript("It is so [@kite].\n\n## References\n[1] Snow.\n[@kite] The Wind.\n[@b-2]: Shovels.\n")
    assert draft.references == {"1": "Snow.", "kite": "The Wind.", "b-2": "Shovels."}


def test_references_without_numbers_are_one_a_paragraph() -> None:
    draft = manuscript("It flies.\n\n## References\n\nKite, A. (2020).\nThe Wind.\n\nSnow, B. (2021). Shovels.")
    assert list(draft.references.values()) == ["Kite, A. (2020). The Wind.", "Snow, B. (2021). Shovels."]


def test_latex_keeps_its_lines_and_loses_what_is_no_prose() -> None:
    draft = manuscript(LATEX)
    assert [(one.line, draft.plain(one.text)) for one in draft.paragraphs] == [
        (5, "They fly far, by 5% more."),
        (12, "An item here."),
    ]
    assert draft.references == {"a": "A. Kite. The Wind.", "b": "Snow."}


@pytest.mark.parametrize("text", ["", "\n\n", "---", "```", "\\begin{document}", "# ", "[", "References"])
def test_a_draft_without_prose_has_no_words(text: str) -> None:
    assert not any(letter.isalnum() for paragraph in manuscript(text).paragraphs for letter in paragraph.text)
