"""The people and programs that ask.

accounts        users with passwords, programs with keys
conversations   the conversations that are kept, and the thumbs given to answers
feedback        thumbs turned into questions for an evaluation
limits          how often each may ask
"""
