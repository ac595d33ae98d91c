"""XML in, the elements of its records out, one by one.

Entities and document types that a file defines itself are refused: they could read other files, or fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .markup import raised
from .opening import MAX_WHOLE, Content, Unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def elements(content: Content, *names: str) -> Iterator[tuple[int, Element]]:
    """The elements of these names, without their namespaces, each with its number from 1.

    Raises `Unreadable` at the first fault of the XML: what comes after it may be anything.
    """
    from defusedxml.ElementTree import iterparse

    content.stream.seek(len(content.head) - len(content.head.lstrip()))  # XML allows no blank line before it
    number = 0
    open_elements: list[Element] = []
    with _faults(lambda: f" after record {number:,}"):
        for event, element in iterparse(content.stream, ("start", "end")):
            element.tag = element.tag.rpartition("}")[2]
            if event == "start":
                open_elements.append(element)
                continue
            open_elements.pop()
            if element.tag in names:
                number += 1
                yield number, element
                element.clear()
                if open_elements:
                    open_elements[-1].remove(element)  # keeps the memory bounded


def root_of(data: bytes) -> Element:
    """The root of a whole document, its elements with their namespaces. Raises `Unreadable` if there is any fault."""
    from defusedxml.ElementTree import fromstring

    with _faults():
        root: Element = fromstring(data.lstrip())
        return root


@contextmanager
def _faults(where: Callable[[], str] = str) -> Iterator[None]:
    """Translate the errors of the parser; `where` says how far it came."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    try:
        yield
    except DefusedXmlException as error:
        raise Unreadable("is XML that defines entities of its own, which is refused") from error
    except (ParseError, LookupError, ValueError) as error:  # the two latter: an unknown encoding
        raise Unreadable(f"is damaged XML{where()} ({error})") from error


def text_of(element: Element | None) -> str:
    """The text in an element, and in those in it, with superscripts raised."""
    return "".join(_pieces(element)).strip() if element is not None else ""


def _pieces(element: Element) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        inside = "".join(_pieces(child))
        yield raised(inside) if child.tag.rpartition("}")[2] == "sup" and inside else inside
        if child.tail:
            yield child.tail


def texts(elements_: Iterable[Element]) -> list[str]:
    """The texts of some elements that have any."""
    return [text for text in map(text_of, elements_) if text]


def source_of(element: Element) -> str:
    """An element as XML, for a reject."""
    from xml.etree.ElementTree import tostring

    return tostring(element, "unicode")[:MAX_WHOLE]
