"""The fields of a filter, as programs and agents send them, in; a `Filter` out."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from ..core import bounds
from ..core.filters import Filter

DATE: JsonDict = {
    "pattern": "^([0-9]{4}(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12][0-9]|3[01]))?)?"
    "|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (0?[1-9]|[12][0-9]|3[01]))?$"
}
"""Describes a date; the check itself is made where papers are browsed."""
DATES = "As 2025-03-12, 2025-03, 2025 or Mar 12; both days are included."
AUTHORS = "Family names or whole names; a paper has all of them."
VENUES = "Names of journals or meetings, or parts of them; a paper has one of them."
TOPICS = "Papers found that are about one of these are left out."
Name = Annotated[str, Field(max_length=bounds.TITLE)]


class FilterFields(BaseModel):
    """Which papers to use; each field that is empty leaves out none."""

    model_config = ConfigDict(extra="forbid")

    since: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    until: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    authors: list[Name] = Field(default=[], max_length=bounds.NAMES, description=AUTHORS)
    venues: list[Name] = Field(default=[], max_length=bounds.NAMES, description=VENUES)
    source: str = Field(default="", max_length=bounds.TITLE, description="A listing's file or date.")

    collection: str = Field(default="", max_length=bounds.COLLECTION, description="A collection by its name.")

    def filter(self) -> Filter:
        """The filter that they describe."""
        return Filter(
            self.since,
            self.until,
            tuple(self.authors),
            tuple(self.venues),
            self.source,
            collection=self.collection,
        )


class Narrowing(FilterFields):
    """Which papers to use, and which of them not."""

    without: FilterFields = Field(default=FilterFields(), description="The papers that fit this are left out.")
    not_about: list[Name] = Field(default=[], max_length=bounds.NAMES, description=TOPICS)

    def filter(self) -> Filter:
        """The filter that they describe."""
        return replace(super().filter(), without=self.without.filter() or None, not_about=tuple(self.not_about))
