"""A paper in, the names it goes by out; a question in, the papers it names out, misspelt or not."""

from __future__ import annotations

import functools
import heapq
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..core.bounds import TITLE
from ..core.records import Paper, fold
from ..core.text import STOP_WORDS, content_words, names

LONGEST_TITLE = 40
"""Words of a question compared with a name at once: a listing takes no line this long for a title."""
LONGEST_KEPT = 100
"""Characters of a name whose key is remembered: 65,536 of them are 20 MB, whatever anybody asks."""
LONGEST_NAME = 8
"""Words a name may have; a whole title counts at any length."""
TOPIC_PAPERS = 3
"""A name that more papers bear is a topic ("CLIP", "MoE"), not the name of one."""
FUZZY_RATIO = 86.0
"""Least similarity (0 to 100, Levenshtein ratio) at which a word is taken for a misspelt name."""
CLOSE = 60.0
"""Least similarity (0 to 100, rapidfuzz's WRatio) at which a title is named as what was perhaps meant."""
FUZZY_LONGEST = 24
"""Longer names are whole titles; a single word is no misspelling of them."""
FUZZY_LENGTH = 5
"""Shorter words are never taken for misspelt: "BERT" is one letter from "BART"."""

_COINED = re.compile(
    r"(?:\bcalled|\bnamed|\bdubbed|\btermed|\b(?:propose|introduce|present|develop|build|release|describe)s?,?)\s+"
    r"(?:(?:the|a|an|our|novel|new|simple|the so-called)\s+)*"
    r"([A-Za-z0-9][\w^$.+-]*(?:(?<!\.)[ -][A-Z0-9][\w^$.+-]*){0,2})"
)
_BRACKETED = re.compile(r"\(([A-Za-z0-9][\w^$.+-]{1,24})\)")
_VERSION = re.compile(r"(?!top\b)[a-z]\w*[a-z]-?\d+(?:\.\d+)*[a-z]?", re.I)
_GREEK = re.compile("[α-ω]")
_LATEX = re.compile(r"[$^{}\\]")
_NO_KEY = re.compile(r"[^\w+]|_")


@dataclass(frozen=True, slots=True)
class Named:
    """A name that a question uses and the papers that bear it; `exact` is False for a misspelt one."""

    text: str
    paper_ids: tuple[str, ...]
    exact: bool = True


class NameBook(Protocol):
    """The seam: who bears which name. Names are folded."""

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The ids of the papers that bear each of `names`; unknown names are left out."""
        ...

    def known_names(self, *, shortest: int, longest: int) -> Sequence[str]:
        """Every name of so many letters."""
        ...


def names_of(paper: Paper) -> list[str]:
    """The keys of a paper's names.

    They are its title, what stands before the title's colon, the coined words in that, and what the abstract says it
    proposes.

    >>> names_of(Paper("RocketQA: An Optimized Approach", "We propose RocketQA."))
    ['rocketqaanoptimizedapproach', 'rocketqa']
    """
    found = [paper.title]
    before, colon, _ = paper.title.partition(":")
    if colon and len(before.split()) <= LONGEST_NAME:
        found.append(before)
        found.extend(re.findall(r"\(([^()]{2,24})\)", before))
        inside = [name for name in names(f"The {before}") if _distinct(name)]
        found.extend(name for name in inside if not (name.isupper() and len(name) < 5))
    coined = [*_COINED.findall(paper.abstract), *_BRACKETED.findall(paper.abstract)]
    found.extend(name.rstrip(".,") for name in coined if _distinct(name))
    return list(dict.fromkeys(key(name) for name in found if len(key(name)) > 1))


def is_called(paper: Paper, name: str) -> bool:
    """Whether the title, or what stands before its colon, is the name: "T5" does not call "SpacTor-T5: ..." so."""
    return key(name) in (key(paper.title), key(paper.title.partition(":")[0]))


def key(name: str) -> str:
    """What a name is looked up by: folded, singular, without spaces and hyphens ("mini internvl", "Mini-InternVL")."""
    return _kept_key(name) if len(name) <= LONGEST_KEPT else _key(name)


def _key(name: str) -> str:
    return _NO_KEY.sub("", singular(plain(name)))


_kept_key = functools.lru_cache(maxsize=65536)(_key)  # names in the abstracts of first hits come again and again


def _distinct(name: str) -> bool:
    """Whether a word is coined rather than merely capitalised: a capital inside, or letters with digits."""
    inside = any(c.isupper() for part in name.split("-") for c in part[1:])
    return inside or (any(c.isdigit() for c in name) and any(c.isalpha() for c in name))


def plain(name: str) -> str:
    """A name folded, without LaTeX and with Greek letters spelt: `$VILA^2$` is `vila2`, `γ-MoD` is `gamma-mod`."""
    spelt = _GREEK.sub(_letter, fold(name))
    return _LATEX.sub("", spelt).strip(" .,;:?!\"'“”‘’()[]")


def _letter(greek: re.Match[str]) -> str:
    return unicodedata.name(greek[0]).removeprefix("GREEK SMALL LETTER ").removeprefix("FINAL ").casefold()


def named_in(question: str, book: NameBook) -> list[Named]:
    """The papers that `question` names, in the order it names them, the longest name first at each place.

    Names that more than `TOPIC_PAPERS` papers bear are left out. Only words that begin no known name are
    compared with misspelt ones.
    """
    tokens = question.split()
    said = [bool(content_words(token)) for token in tokens]
    spans = {
        (start, end): key(text)
        for start in range(len(tokens))
        for end in range(start + 1, min(start + LONGEST_TITLE, len(tokens)) + 1)
        if any(said[start:end])  # "of a" is not OFA
        and len(text := " ".join(tokens[start:end])) <= TITLE
    }
    bearers = book.bearers([span for span in set(spans.values()) if span])
    found: list[Named] = []
    position = 0
    while position < len(tokens):
        last = min(position + LONGEST_TITLE, len(tokens))
        ends = (end for end in range(last, position, -1) if _usable(spans.get((position, end), ""), bearers))
        end = next(ends, None)
        if end is not None:
            text = " ".join(tokens[position:end]).strip(" .,;:?!\"'“”‘’()[]").removesuffix("'s").removesuffix("’s")
            found.append(Named(text, tuple(bearers[spans[position, end]])))
        position = end or position + 1
    return found


def singular(name: str) -> str:
    """Without the ending of a possessive or plural: "RocketQA's" is "RocketQA", "V-MoEs" is "V-MoE"."""
    name = name.removesuffix("'s").removesuffix("’s")
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


def _usable(name: str, bearers: Mapping[str, Sequence[str]]) -> bool:
    return 0 < len(bearers.get(name, ())) <= TOPIC_PAPERS and name not in STOP_WORDS


def misspelt_in(question: str, book: NameBook, *, unknown: Iterable[str]) -> list[Named]:
    """The names that the `unknown` words of a question (words no abstract has) probably mean."""
    from rapidfuzz import fuzz, process

    wanted = [w for w in unknown if len(w) >= FUZZY_LENGTH]
    known = book.known_names(shortest=FUZZY_LENGTH, longest=FUZZY_LONGEST) if wanted else []
    found = []
    for word in wanted:
        best = process.extractOne(key(word), known, scorer=fuzz.ratio, score_cutoff=FUZZY_RATIO)
        bearers = book.bearers([best[0]]) if best else {}
        if best and _usable(best[0], bearers):
            found.append(Named(word, tuple(bearers[best[0]]), exact=False))
    return found


def closest_titles(title: str, titles: Sequence[str], *, limit: int = 3) -> list[str]:
    """The titles most like `title`, for saying what was perhaps meant.

    No more of it is compared than the longest of `titles` has characters. Titles are compared one by one, so that other
    threads run in between: rapidfuzz lets none run while it compares.
    """
    from rapidfuzz import fuzz, process, utils

    begins = title[: max(map(len, titles), default=0)]
    matches = process.extract_iter(
        begins, titles, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=CLOSE
    )
    return [match[0] for match in heapq.nlargest(limit, matches, key=lambda match: match[1])]


def is_title(title: str, titles: Iterable[str]) -> bool:
    """Whether one of the titles is meant: in full, its first words alone, or with a slip."""
    from rapidfuzz import fuzz

    wanted = key(title)
    return any(
        key(held).startswith(wanted.removesuffix("s")) or fuzz.ratio(wanted, key(held), score_cutoff=FUZZY_RATIO)
        for held in titles
    )


def spellings(word: str) -> tuple[str, ...]:
    """A word as written, and with the hyphen before a number left out or put in: "GPT4", "GPT-4"."""
    return (word, re.sub(r"-(?=\d)", "", word), re.sub(r"(?<=[^\W\d_])(?=\d)", "-", word))


def is_version(name: str) -> bool:
    """Whether it is a name with its number: "GPT-5" is another thing than GPT, though both parts are known."""
    return bool(_VERSION.fullmatch(name))


def name_like(question: str) -> list[str]:
    """The words of a question that look coined ("RetroFusion-X", "GPT-5"), as written."""
    return [word for word in content_words(question) if _distinct(word)]
