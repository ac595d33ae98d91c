"""Papers in, an index that can be searched out.

In reading order:

    embedding     texts in, vectors out: the seam and the bundled model
    network       the bundled model, with products of integers
    served        the same from an OpenAI-compatible server
    interaction   the vectors and codes of passages, stored in the library; late interaction with a question
    store         passages by vector: Chroma
    shared        a collection on a Chroma server, for all states of a library
    engine        the same folder, read without Chroma's client
    connecting    the files of a generation, and of what it is a layer over
    keywords      papers by their words: BM25
    names         papers by their names
    reading       what is known of a paper before any question
    tables        passages, names, readings and vectors, in one file
    layered       the vectors of a layer and of its base
    occupied      whether anyone still reads a generation
    generation    these together: one index, with its library and its embedder
    searchable    generations made, put in force and opened
    inspection    damage in the files of a library
    holdings      files in, an indexed library out: everything above, kept in step
    collections   named sets of papers
    syncing       followed sources, whose new papers are added
    keeper        all of it, as an assistant offers it
    atlas         a map of the papers
"""
