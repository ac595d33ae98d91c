"""Nothing in; imported by the server of processes, so that its forks need not read the table of tokens each."""

from assistant.core.tokens import count_tokens

count_tokens("a word")
