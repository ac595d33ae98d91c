"""A question in, the time that it limits papers to out, and where these words stand.

They are read by their form: "since 2023", "from March to June 2023", "in spring 2023", "in the last two years".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 14)}
"""The first and the last month of each; winter goes on into the next year."""
_SPELT = "one two three four five six seven eight nine ten eleven twelve".split()
_NUMBERS = {word: n for n, word in enumerate(_SPELT, start=1)}

_Y = r"((?:19|20)\d\d)"
_PART = (
    r"((?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    rf"|nov(?:ember)?|dec(?:ember)?)\.?|{'|'.join(_SEASONS)})"
)
_P = rf"(?:(?:the )?{_PART},? (?:of )?)?{_Y}"
_PUBLISHED = r"(?:(?:that |which )?(?:were |was |are |is )?(?:published|appeared|written|dated) )?"
_TO = r"(?: ?[-–—] ?| (?:to|until|till|through|and) )"
_FORMS: tuple[tuple[re.Pattern[str], int | None, int | None], ...] = tuple(
    (re.compile(rf"\b{_PUBLISHED}{form}(?![-\w]|\.\d)", re.I), first, last)
    for form, first, last in (
        (rf"(?:from |between |in )(?:the )?{_PART}{_TO}(?:the )?{_PART},? (?:of )?{_Y}", 0, 0),
        (rf"(?:from |between |in )?{_P}{_TO}{_P}", 0, 0),
        (rf"(?:since|starting (?:in|from)) {_P}", 0, None),
        (rf"(?:from|in) {_P} (?:on(?:wards?)?|or later|and later)", 0, None),
        (rf"(?:after|later than|newer than) {_P}", 1, None),
        (rf"(?:until|till|up to) {_P}", None, 0),
        (rf"(?:before|earlier than|older than|prior to) {_P}", None, -1),
        (rf"(?:in|from|of|during) (?:the year )?{_P}", 0, 0),
        (rf"{_P}(?= (?:papers|articles|works|publications|studies)\b)", 0, 0),
    )
)
"""The forms of times, and what is added for the first and the last one meant; None: that end is open."""
_OF_PAPERS = re.compile(rf"\b(?:papers?|articles?|works?|publications?|studies) {_PUBLISHED}(?:\w+ ){{1,2}}{_Y}$", re.I)
"""A year, at the end, that is one of papers."""
_COUNT = rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})"
_AGO = re.compile(
    rf"\b{_PUBLISHED}(?:in|from|of|during|over|within) the (?:last|past|previous) (?:{_COUNT} )?(year|month|week)s?"
    r"(?! of\b)(?![-\w])",
    re.I,
)
_CALENDAR = re.compile(
    r"\b(?:(?:that |which )?(?:were |was |are |is )?(?:published|appeared|written|dated)(?: in)?|in|from|of|during"
    r"|(?P<since>since)) (?P<which>last|this) (?P<unit>year|month)(?![-\w'’])",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Time:
    """The first and the last day, as filters have them, where the words stand, and the words of a month or span.

    `words` is "" for years. `year` has the words of one that is no other number: "since 2023" or "papers of 2023", but
    not "after 2000 steps".
    """

    since: str = ""
    until: str = ""
    start: int = 0
    end: int = 0
    words: str = ""
    year: str = ""


def time_in(text: str) -> Time:
    """The time that the first form of a text means; an empty one if there is none.

    >>> time_in("papers from March 2024").since
    '2024-03'
    """
    for form, first, last in _FORMS:
        if match := form.search(text):
            since, until = _between(_points(match), first, last)
            if any(map(_is_part, match.groups())):
                return Time(since, until, *match.span(), match[0])
            plain = (first, last) == (0, None) or _OF_PAPERS.search(text, 0, match.end())
            return Time(since, until, *match.span(), year=match[0] if plain else "")
    if match := _AGO.search(text):
        count = _NUMBERS.get((match[1] or "one").casefold()) or int(match[1])
        return Time(_ago(date.today(), count, match[2].casefold()), "", *match.span(), match[0])
    if match := _CALENDAR.search(text):
        day = date.today()
        if match["which"].casefold() == "last":
            day = day.replace(month=1, day=1) if match["unit"].casefold() == "year" else day.replace(day=1)
            day -= timedelta(days=1)
        when = f"{day.year}" if match["unit"].casefold() == "year" else f"{day.year}-{day.month:02}"
        return Time(when, "" if match["since"] else when, *match.span(), match[0])
    return Time()


def _is_part(word: str | None) -> bool:
    return bool(word) and not str(word).isdigit()


def _points(match: re.Match[str]) -> list[tuple[tuple[int, int], tuple[int, int], bool]]:
    """The first and last month of each time that a form names, as (year, month), and whether it is a whole year."""
    groups = list(match.groups())
    if len(groups) == 3:  # "from March to June 2024"
        groups = [groups[0], groups[2], groups[1], groups[2]]
    points = []
    for part, year in zip(groups[::2], groups[1::2], strict=True):
        begins, ends = _months(part)
        points.append((_month(int(year), begins), _month(int(year), ends), part is None))
    return points


def _months(part: str | None) -> tuple[int, int]:
    if part is None:
        return 1, 12
    known = _SEASONS.get(part.casefold())
    month = 0 if known else _MONTHS.index(part[:3].casefold()) + 1
    return known or (month, month)


def _month(year: int, month: int) -> tuple[int, int]:
    """A month, which may be before or after the twelve of its year."""
    return year + (month - 1) // 12, (month - 1) % 12 + 1


def _between(
    points: list[tuple[tuple[int, int], tuple[int, int], bool]], first: int | None, last: int | None
) -> tuple[str, str]:
    begins, years = min((begin, whole) for begin, _, whole in points)
    ends, whole = max((end, whole) for _, end, whole in points)
    since = begins if not first else _month(ends[0], ends[1] + 1)
    until = ends if not last else _month(begins[0], begins[1] - 1)
    return _written(since, years, first), _written(until, whole, last)


def _written(month: tuple[int, int], whole: bool, end: int | None) -> str:
    """A month, or a whole year, as a filter has it; "" for an open end."""
    return "" if end is None else f"{month[0]}" if whole else f"{month[0]}-{month[1]:02}"


def _ago(day: date, count: int, unit: str) -> str:
    """The month, or for weeks the day, that was so long ago."""
    if unit == "week":
        return (day - timedelta(weeks=count)).isoformat()
    year, month = _month(day.year, day.month - count * (12 if unit == "year" else 1))
    return f"{year}-{month:02}"
