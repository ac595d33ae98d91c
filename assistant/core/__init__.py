"""What everything stands on.

In reading order:

    errors        every error raised on purpose
    text          sentences, words, stems, numbers and names of a text
    tokens        the number of tokens of a text
    readable      text without LaTeX
    notebook      how records look in Python and in notebooks
    bibliography  authors and identifiers in the forms that records keep
    prose         the claims of an answer as text
    signals       how a sentence and a paper match a question
    records       what flows: papers, hits, answers
    drafts        what is reported of a draft whose citations were checked
    export        answers as JSON
    bounds        the limits on what may be sent
    filters       which papers count
    logistic      logistic models
    sharing       what threads and processes may share
    backends      what SQLite and PostgreSQL have in common
    migrating     the revisions of what is stored, by alembic
    sqlite_file   one SQLite file
    postgres      one PostgreSQL database
    database      statements and transactions on either
    settings      the environment as one frozen object
"""
