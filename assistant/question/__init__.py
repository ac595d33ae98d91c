"""Earlier turns and a question in, what it asks for out."""
