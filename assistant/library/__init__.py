"""Files in, the record of papers out.

In reading order:

    sources    a file in, papers and rejects out
    sample     the papers that come with the package
    chunking   a paper in, its passages out
    identity   which records are of one paper
    merging    one paper of what several sources say
    file       the record of all papers, in SQLite
    papers     papers put into it and taken from it
    browsing   papers by listing and by date
"""
