"""An answer in, what a person reads out: text, Markdown, BibTeX, lines in a terminal.

In reading order: `showing` (an answer without LaTeX), `markdown`, `copies` (to paste elsewhere), `suggestions`
(questions to begin with), `onward` (questions to go on with), `terminal`.
"""
