"""Turns earlier turns and a question into what the question asks for. Read in this order.

conversation    what a turn can refer to: papers and questions of the turns before it, and how it is worded
understanding   what the question asks for: the papers it names, the listings it is limited to, and from
    spelling    the misspelt words corrected
    kinds       how probable each kind of answer is
    conditions  what the papers must, or must not, be about
filtering       the years, authors and venues that it is limited to
stating         the statement that a question asks the truth of, or takes for granted
"""
