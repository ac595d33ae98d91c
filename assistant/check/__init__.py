"""Sentences and hits in, checked claims and rejections out."""
