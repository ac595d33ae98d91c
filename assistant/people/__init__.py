"""Who asks: accounts, conversations, feedback, limits."""
