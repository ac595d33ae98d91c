"""Other open-source tools measured beside ours: same papers, same embedding model, same questions, turns taken.

    python -m eval.peers [--listings FOLDER]        # or: make peers

    peer.py        what a peer is: three methods; what keeps it quiet and offline; the list of all
    ours.py        the product behind the same three methods
    llamaindex.py  a vector index of LlamaIndex, and its CitationQueryEngine
    langchain.py   LangChain over Chroma, and its ensemble with BM25
    haystack.py    Haystack's embedding retriever, and that joined with BM25
    paperqa.py     what PaperQA2 retrieves
    worker.py      one peer in a process of its own
    measure.py     all peers in turns: times, memory, disk, and the sources of every question
    score.py       citation F1 and declines, with the peer's own number of sources and with the best cut-off
    page.py        the tables, written into docs/peers.md

The peers are installed in an environment of their own (requirements-peers.lock). Nothing else imports them.
"""
