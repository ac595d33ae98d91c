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
    claims.py      claims and a checker in, how well it tells true from false out
    stock.py       listing files in, an assistant over exactly their papers out
    main.py        what to evaluate in, everything above done, the reports out
    __main__.py    a command line in, a report out: `python -m eval` is `assistant eval`
    baseline.py    the sample questions in, their scores held against the recorded ones out
    parts.py       a part of the pipeline in, the pipeline without it out
    public.py      public question sets in, how well each way of ranking finds their documents out
    ablation.py    question sets in, what the answers are worth without each part out
    speed.py       listing files and questions in, how long everything takes out
    crowd.py       questions and a number of people in, how long each waits when all ask at once out
    multiply.py    a few papers in, any number of made-up papers like them out
    keywords.py    papers and questions in, our keyword index held against SQLite FTS5 and bm25s out
    fit.py         questions in, the fitted models of the package out
    doubles.py     a small invented library and assistants with one known fault each, for the tests

The formats and formulas are in README.md. Nothing is imported here: `from eval.main import run`.
"""
