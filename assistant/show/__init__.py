"""An answer in, what a person reads out: text, Markdown, references, lines in a terminal.

In reading order: `showing` (an answer without LaTeX), `markdown`, `copies` (to paste elsewhere), `references` (BibTeX,
RIS, CSL-JSON), `styles` (references as APA and others have them), `suggestions` (questions to begin with), `onward`
(questions to go on with), `terminal`.
"""
