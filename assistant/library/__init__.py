"""Files in, papers held: reading sources, the record of papers, chunking, browsing."""
