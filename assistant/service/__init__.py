"""What the doors share: asking and giving up, who may come in, errors as problem details."""
