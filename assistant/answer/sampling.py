"""Several drafts of one answer in, the sentences of the one that the papers support best out.

A model that draws its words by chance errs differently each time, and what its drafts say of the papers can be checked:
so of several drafts the best is known without another model. They are written at one time, and nothing is told before
all are whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..check.citations import Checker, checked
from ..core.errors import LLMError
from ..core.records import Decline, Hit, Rejection, Sentence
from ..question.understanding import Asked
from .writing import Writer

TEMPERATURE = 0.7
"""At which every draft but the first is written; below it the drafts of most models differ in little."""

Draft = list[Sentence | Decline]


class Sampler:
    """A writer of what the best supported of several writers' drafts says; the second try is the first writer's."""

    def __init__(self, writers: Sequence[Writer], checker: Checker) -> None:
        self._writers, self._checker = writers, checker

    @property
    def name(self) -> str:
        return self._writers[0].name

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence | Decline]:
        """The sentences of the best draft, or the decline that most drafts are.

        A draft that fails is left out. Raises `LLMError` when all do.
        """
        if amiss:
            yield from self._writers[0].write(asked, hits, amiss)
            return
        with ThreadPoolExecutor(len(self._writers)) as pool:
            written = list(pool.map(lambda writer: _written(writer, asked, hits), self._writers))
        drafts = [draft for draft in written if not isinstance(draft, LLMError)]
        if not drafts:
            raise next(error for error in written if isinstance(error, LLMError))
        declines = [draft for draft in drafts if any(isinstance(one, Decline) for one in draft)]
        most = declines if 2 * len(declines) > len(drafts) else drafts
        yield from max(most, key=lambda draft: standing(draft, hits, self._checker))


def standing(draft: Sequence[Sentence | Decline], hits: Sequence[Hit], checker: Checker) -> float:
    """The support of each sentence that stands, added up, less one for each that falls; 0 for a decline."""
    total = 0.0
    for one in draft:
        if isinstance(one, Sentence):
            claim, _ = checked(one, hits, checker)
            total += max(citation.support for citation in claim.citations) if claim else -1.0
    return total


def _written(writer: Writer, asked: Asked, hits: Sequence[Hit]) -> Draft | LLMError:
    """The whole draft, or what went wrong with it."""
    try:
        return list(writer.write(asked, hits))
    except LLMError as error:
        return error
