"""Writes the answer to a question from its hits; every sentence is cited and checked.

Read in this order:

    courtesy    replies that need no search
    editing     the sentences of an abstract, edited so that each stands alone
    quoting     which sentences of one paper are quoted, the fact first, and which are left out
    tables      the rows and cells of a comparison
    overview    the themes of a whole field
    writing     the `Writer` seam; chooses papers and has them quoted
    verdicts    yes or no first, where the papers are clear, or what a question wrongly takes for granted
    parsing     reads the sentences out of a language model's reply
    drafting    a language model writes instead: the sources in its prompt, the draft, the best of several drafts
    composing   checks what a writer writes, sentence by sentence, and composes the answer
    meaning     a language model says what a question asks for, where the rules may misread it
    asking      the two joined: what a question asks for, after earlier turns and with chosen papers
    session     one question with a language model, within its time and budget, or without one
    dialogue    a conversation remembers its turns
"""
