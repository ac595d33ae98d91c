"""What a question asks for in, judged hits out, or the reason why there are none."""
