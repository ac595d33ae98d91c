"""An answer in, what a person reads out: text, Markdown, BibTeX."""
