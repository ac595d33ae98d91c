"""The names of papers: which names a paper has, and which papers a question names, even if misspelt."""

from __future__ import annotations

import functools
import heapq
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from ..core.bounds import TITLE
from ..core.records import Paper, fold
from ..core.text import STOP_WORDS, apart, content_words, names

LONGEST_TITLE = 40
"""Most words of a question compared with a name: no listing has a title this long."""
LONGEST_CACHED = 100
"""Longest name, in characters, whose key is cached: 65,536 of them take at most 20 MB."""
LONGEST_NAME = 8
"""Most words of a name; a whole title may have any length."""
SHORTEST = 3
"""Letters of an abbreviation that is recognised where it is spelt out; two letters stand together by chance."""
TOPIC_PAPERS = 3
"""A name that more papers share is a topic ("CLIP", "MoE"), not the name of one paper."""
FUZZY_RATIO = 86.0
"""Lowest similarity (0 to 100, Levenshtein ratio) at which a word counts as a misspelt name."""
CLOSE = 60.0
"""Lowest similarity (0 to 100, rapidfuzz's WRatio) at which a title is suggested."""
FUZZY_LONGEST = 24
"""Longer names are whole titles; no single word is a misspelling of one."""
FUZZY_LENGTH = 5
"""Shorter words never count as misspelt: "BERT" is one letter from "BART"."""

_COINED = re.compile(
    r"(?:\bcalled|\bnamed|\bdubbed|\btermed|\b(?:propose|introduce|present|develop|build|release|describe)s?,?)\s+"
    r"(?:(?:the|a|an|our|novel|new|simple|the so-called)\s+)*"
    r"([A-Za-z0-9][\w^$.+-]*(?:(?<!\.)[ -][A-Z0-9][\w^$.+-]*){0,2})"
)
_BRACKETED = re.compile(r"\(([A-Za-z0-9][\w^$.+-]{1,24})\)")
_VERSION = re.compile(r"(?!top\b)[a-z]\w*[a-z]-?\d+(?:\.\d+)*[a-z]?", re.I)
_CAPITALS = re.compile(r"\b[A-Z][^\W\d_]*(?: [A-Z][^\W\d_]*)+")
"""Words in a row with capital letters."""
_GREEK = re.compile("[α-ω]")
_LATEX = re.compile(r"[$^{}\\]")
_NO_KEY = re.compile(r"[^\w+]|_")


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a question and the papers that have it; `exact` is False if it is misspelt."""

    text: str
    paper_ids: tuple[str, ...]
    exact: bool = True


class NameBook(Protocol):
    """The seam: which papers have which name. Names are given by their keys."""

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The ids of the papers with each of `names`; unknown names are left out."""
        ...

    def known_names(self, *, shortest: int, longest: int) -> Sequence[str]:
        """Every name with a length, in characters, between the two bounds."""
        ...


def names_of(paper: Paper) -> list[str]:
    """The keys of a paper's names, its title first.

    The others are the part of the title before a colon, the coined words in that part, and what the abstract says it
    proposes.

    >>> names_of(Paper("RocketQA: An Optimized Approach", "We propose RocketQA."))
    ['rocketqaanoptimizedapproach', 'rocketqa']
    """
    called = [paper.title]
    before, colon, _ = paper.title.partition(":")
    if colon and len(before.split()) <= LONGEST_NAME:
        called += [before, *re.findall(r"\(([^()]{2,24})\)", before)]
        inside = [name for name in names(f"The {before}") if _distinct(name)]
        called += [name for name in inside if not (name.isupper() and len(name) < 5)]
    coined = [*_COINED.findall(paper.abstract), *_BRACKETED.findall(paper.abstract)]
    called += [name.rstrip(".,") for name in coined if _distinct(name)]
    folded = [fold(name) for name in called]
    return [name for name in dict.fromkeys(map(_key, folded)) if len(name) > 1]


def is_called(paper: Paper, name: str) -> bool:
    """Whether the name is the title or the part before its colon: "SpacTor-T5: ..." is not called "T5"."""
    return key(name) in (key(paper.title), key(paper.title.partition(":")[0]))


def key(name: str) -> str:
    """The key of a name: folded, singular, without spaces and hyphens ("mini internvl", "Mini-InternVL")."""
    return _key(fold(name))


def mentions(texts: Sequence[str], keys: Set[str]) -> list[bool]:
    """For each text whether one of its words has one of these keys."""
    if not keys:
        return [False] * len(texts)
    folded = [fold("\0".join(text.split())) for text in texts]  # at once, not word by word
    return [not keys.isdisjoint(map(_key, text.split("\0"))) for text in folded]


def _key(folded: str) -> str:
    return _cached_key(folded) if len(folded) <= LONGEST_CACHED else _key_of(folded)


def _key_of(folded: str) -> str:
    return _NO_KEY.sub("", singular(_plain(folded)))


_cached_key = functools.lru_cache(maxsize=65536)(_key_of)  # the abstracts of good hits mention the same names often


def _distinct(name: str) -> bool:
    """Whether a word is coined rather than merely capitalised: a capital inside, or letters with digits."""
    inside = any(c.isupper() for part in name.split("-") for c in part[1:])
    return inside or (any(c.isdigit() for c in name) and any(c.isalpha() for c in name))


def plain(name: str) -> str:
    """A name folded, without LaTeX, its Greek letters spelt out: `$VILA^2$` is `vila2`, `γ-MoD` is `gamma-mod`."""
    return _plain(fold(name))


def _plain(folded: str) -> str:
    spelt = _GREEK.sub(_letter, folded)
    return _LATEX.sub("", spelt).strip(" .,;:?!\"'“”‘’()[]")


def _letter(greek: re.Match[str]) -> str:
    return unicodedata.name(greek[0]).removeprefix("GREEK SMALL LETTER ").removeprefix("FINAL ").casefold()


def named_in(question: str, book: NameBook) -> list[Named]:
    """The papers that `question` names, in its order; at each place the longest name counts.

    Names that more than `TOPIC_PAPERS` papers share are left out.
    """
    tokens = apart(question).split()
    has_content = [bool(content_words(token)) for token in tokens]
    spans = {
        (start, end): key(text)
        for start in range(len(tokens))
        for end in range(start + 1, min(start + LONGEST_TITLE, len(tokens)) + 1)
        if any(has_content[start:end])  # "of a" is not OFA
        and len(text := " ".join(tokens[start:end])) <= TITLE
    }
    bearers = book.bearers([span for span in set(spans.values()) if span])
    named: list[Named] = []
    position = 0
    while position < len(tokens):
        last = min(position + LONGEST_TITLE, len(tokens))
        ends = (end for end in range(last, position, -1) if _usable(spans.get((position, end), ""), bearers))
        end = next(ends, None)
        if end is not None:
            text = " ".join(tokens[position:end]).strip(" .,;:?!\"'“”‘’()[]").removesuffix("'s").removesuffix("’s")
            named.append(Named(text, tuple(bearers[spans[position, end]])))
        position = end or position + 1
    return named


def singular(name: str) -> str:
    """A name without a possessive or plural ending: "RocketQA's" is "RocketQA", "V-MoEs" is "V-MoE"."""
    name = name.removesuffix("'s").removesuffix("’s")
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


def _usable(name: str, bearers: Mapping[str, Sequence[str]]) -> bool:
    return 0 < len(bearers.get(name, ())) <= TOPIC_PAPERS and name not in STOP_WORDS


def misspelt_in(question: str, book: NameBook, *, unknown: Iterable[str]) -> list[Named]:
    """The names that the `unknown` words of a question, which no abstract has, probably mean."""
    from rapidfuzz import fuzz, process

    wanted = [w for w in unknown if len(w) >= FUZZY_LENGTH]
    known = book.known_names(shortest=FUZZY_LENGTH, longest=FUZZY_LONGEST) if wanted else []
    named = []
    for word in wanted:
        best = process.extractOne(key(word), known, scorer=fuzz.ratio, score_cutoff=FUZZY_RATIO)
        bearers = book.bearers([best[0]]) if best else {}
        if best and _usable(best[0], bearers):
            named.append(Named(word, tuple(bearers[best[0]]), exact=False))
    return named


def closest_titles(title: str, titles: Sequence[str], *, limit: int = 3) -> list[str]:
    """The titles most like `title`, to suggest what may have been meant.

    A longer `title` is cut to the length of the longest of `titles`. Titles are compared one by one, because rapidfuzz
    blocks all other threads during a comparison.
    """
    from rapidfuzz import fuzz, process, utils

    begins = title[: max(map(len, titles), default=0)]
    matches = process.extract_iter(
        begins, titles, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=CLOSE
    )
    return [match[0] for match in heapq.nlargest(limit, matches, key=lambda match: match[1])]


def is_title(title: str, titles: Iterable[str]) -> bool:
    """Whether `title` means one of the titles: in full, by its first words, or with a typo."""
    from rapidfuzz import fuzz

    wanted = key(title)
    return any(
        name.startswith(wanted.removesuffix("s")) or fuzz.ratio(wanted, name, score_cutoff=FUZZY_RATIO)
        for name in map(key, titles)
    )


def unnamed(names: Sequence[str], paper: Paper) -> list[str]:
    """Those of the names that neither title nor abstract mentions; hyphens and plurals do not matter.

    An abbreviation is mentioned where it is spelt out: NYT by "The New York Times".
    """
    whole = f"{paper.title} {paper.abstract}"
    text = _loose(whole)
    missing = [name for name in names if _loose(name).removesuffix("s") not in text]
    initials = ["".join(word[0] for word in run.split()) for run in _CAPITALS.findall(whole)] if missing else []
    return [name for name in missing if len(name) < SHORTEST or not any(name in letters for letters in initials)]


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", plain(text))


def spellings(word: str) -> tuple[str, ...]:
    """A word as written, without a hyphen before a number, and with one: "GPT4", "GPT-4"."""
    return (word, re.sub(r"-(?=\d)", "", word), re.sub(r"(?<=[^\W\d_])(?=\d)", "-", word))


def is_version(name: str) -> bool:
    """Whether a name ends with a number: "GPT-5" is not GPT, even if both parts are known."""
    return bool(_VERSION.fullmatch(name))


def name_like(question: str) -> list[str]:
    """The words of a question that look coined ("RetroFusion-X", "GPT-5"), as written."""
    return [word for word in content_words(question) if _distinct(word)]
