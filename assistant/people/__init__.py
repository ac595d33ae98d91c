"""The people and programs that ask.

accounts        users with passwords, programs with keys
oidc            users who log in at an OpenID provider            [authlib, joserfc, httpx2]
conversations   the conversations that are kept, and the thumbs given to answers
feedback        thumbs turned into questions for an evaluation
limits          how often each may ask
"""
