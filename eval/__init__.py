"""Questions and an assistant in, a report out: how good are the answers, case by case.

The folder, in the order in which data meets it:

    jsonl.py       a JSON or JSONL file in, records that know their file, line and field out
    questions.py   a JSONL file in, `Question`s out; `half` parts them in two for good
    runner.py      questions and an assistant in, outcomes out
    wording.py     a wording and a text in, whether it stands there out (pure)
    metrics.py     an outcome in, its score and what it missed out (pure)
    statistics.py  scores in, means with intervals and paired tests out
    cases.py       an outcome and its score in, one case of the report out, and from JSON back
    compare.py     the cases of two reports in, what changed out
    report.py      cases in, a report out: to print, as Markdown, as JSON
    plots.py       a report in, its plots out as SVG      [matplotlib]
    page.py        a report in, one self-contained HTML page out
    main.py        an assistant and questions in, everything above done, a report out
    __main__.py    a command line in, a report out: `python -m eval`
    claims.py      claims and a checker in, how well it tells true from false out
    doubles.py     a small invented library and assistants with one known fault each, for the tests

The formats and formulas are in README.md. Nothing is imported here: `from eval.main import run`.
"""
