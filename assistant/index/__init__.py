"""Papers in, an index that can be searched out: embeddings, the vector store, keywords, names, the map."""
