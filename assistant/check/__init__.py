"""Checks what was written: sentences and hits become claims with citations that hold up, and rejections with reasons.

Read in this order:

    edits           what an editor may change in a quotation, and how to undo it
    quotes          whether the abstract has a sentence word for word
    quantities      numbers that the abstract does not state
    polarity        negations that differ
    support         all signals of how far the words of a sentence and an abstract agree
    appeals         sentences that address the user or give orders
    reading         which passages of an abstract a reader reads for a sentence
    unsupported     the words of a refused sentence that the abstract does not bear out
    checker         one sentence and one abstract: the verdict, by the reader or by these signals
    citations       one sentence and all its marks: a claim, or rejections
    judging         a language model's verdict where the checker is undecided

For drafts that others wrote:

    prose           a draft without its markup: paragraphs and the list of references
    marks           the citations in a sentence, and the sentence without them
    references      the papers that a citation stands for
    drafts          the sentences of a draft, each checked
"""
