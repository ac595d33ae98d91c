"""Files in, the record of papers out.

In reading order:

    sources    a file in, papers and rejects out
    sample     the papers that come with the package
    chunking   a paper in, its passages out
    papers     the record of all papers, in SQLite
    browsing   papers by listing and by date
"""
