"""fetching: an address in, the bytes behind it out: politely, within bounds, or refused in words."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator

import pytest

from assistant import __version__
from assistant.library.following import Refused, fetching
from assistant.library.following.fetching import Fetched, json_of, xml_of

from ..sites import Reply, Site, Time


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(lambda _: Reply(b"kites")) as served:
        yield served


@pytest.fixture
def time() -> Time:
    return Time()


def test_the_answer_comes_whole_and_the_asker_is_named(site: Site, time: Time) -> None:
    fetched = time.fetcher().get(f"{site.url}/x?a=1", {"b": "two words"}, headers={"If-None-Match": "t"})
    assert (fetched.status, fetched.data, fetched.unchanged) == (200, b"kites", False)
    (request,) = site.requests
    assert (request.path, request.query) == ("/x", {"a": "1", "b": "two words"})
    assert request.headers["user-agent"] == f"paper-assistant/{__version__}"
    assert (request.headers["accept-encoding"], request.headers["if-none-match"]) == ("identity", "t")
    assert time.slept == []


def test_a_pause_lies_between_two_requests_to_a_host(site: Site, time: Time) -> None:
    fetcher = time.fetcher()
    with Site(lambda _: Reply(b"plums")) as other:
        for url in (site.url, other.url, site.url):
            fetcher.get(url, pause=3.0)
    assert time.slept == [3.0]


def test_a_service_may_ask_for_a_longer_pause(site: Site, time: Time) -> None:
    fetcher = time.fetcher()
    site.first.append(Reply(headers={"Backoff": "20"}))
    fetcher.get(site.url)
    fetcher.get(site.url)
    assert time.slept == [20.0]


def test_what_did_not_change_is_said(site: Site, time: Time) -> None:
    site.first.append(Reply(status=304))
    assert time.fetcher().get(site.url).unchanged


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int, site: Site, time: Time) -> None:
    site.first += [Reply(status=status), Reply(status=status)]
    assert time.fetcher().get(site.url).data == b"kites"
    assert (len(site.requests), time.slept) == (3, [2.0, 4.0])


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(site: Site, time: Time) -> None:
    later = email.utils.formatdate(time.now + 7 + 90, usegmt=True)
    site.first += [Reply(status=429, headers={"Retry-After": "7"}), Reply(status=503, headers={"Retry-After": later})]
    time.fetcher().get(site.url)
    assert time.slept == [7.0, 90.0]


@pytest.mark.parametrize("value", ["soon", "-1", "", "1e9"])
def test_an_absurd_retry_after_is_none(value: str, site: Site, time: Time) -> None:
    site.first.append(Reply(status=429, headers={"Retry-After": value}))
    time.fetcher().get(site.url)
    assert time.slept == [2.0]


def test_a_long_retry_after_is_left_to_the_next_sync(site: Site, time: Time) -> None:
    site.first.append(Reply(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(Refused, match=r"answered with status 429 .* asked to be left alone for 60 minutes"):
        time.fetcher().get(site.url)
    assert (len(site.requests), time.slept) == (1, [])


def test_tries_are_bounded(site: Site, time: Time) -> None:
    site.answer = lambda _: Reply(status=500)
    with pytest.raises(Refused, match=r"status 500 \(Internal Server Error\), 4 times in a row"):
        time.fetcher().get(site.url)
    assert (len(site.requests), time.slept) == (4, [2.0, 4.0, 8.0])


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410, 501, 599])
def test_what_will_not_pass_is_not_tried_again(status: int, site: Site, time: Time) -> None:
    site.answer = lambda _: Reply(status=status)
    with pytest.raises(Refused, match=f"answered with status {status}") as refused:
        time.fetcher().get(site.url)
    assert (len(site.requests), refused.value.status) == (1, status)


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        ("application/json", b'{"error": "x", "message": "No such filter."}', ": No such filter."),
        ("application/json", b'{"error": "Bad"}', ": Bad"),
        ("application/json", b"[", ""),
        ("text/plain", b"Invalid\nuser", ": Invalid user"),
        ("text/html", b"<h1>Oops</h1>", ""),
        ("text/plain", b"x" * 900, ": " + "x" * 200),
    ],
)
def test_a_service_gives_its_reason(kind: str, data: bytes, shown: str, site: Site, time: Time) -> None:
    site.first.append(Reply(data, 400, {"Content-Type": kind}))
    with pytest.raises(Refused) as refused:
        time.fetcher().get(site.url)
    assert str(refused.value) == f"answered with status 400 (Bad Request){shown}"


def test_an_answer_that_is_cut_short_is_refused(site: Site, time: Time) -> None:
    site.answer = lambda _: Reply(b"kites and plums", cut=4)
    with pytest.raises(Refused, match="broke off its answer, 4 times in a row"):
        time.fetcher().get(site.url)


def test_an_answer_that_is_too_large_is_refused(site: Site, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 4)
    with pytest.raises(Refused, match="sends more than the 4 bytes"):
        time.fetcher().get(site.url)


def test_an_answer_that_is_compressed_is_refused(site: Site, time: Time) -> None:
    site.answer = lambda _: Reply(b"kites", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Refused, match=r"compresses its answer \(gzip\)"):
        time.fetcher().get(site.url)


def test_an_answer_that_drips_is_refused(site: Site, time: Time) -> None:
    clock = iter([0.0, 0.0, 0.0, 500.0, 500.0])
    fetcher = fetching.Fetcher(sleep=time.sleep, clock=lambda: next(clock))
    with pytest.raises(Refused, match="took more than 180 seconds"):
        fetcher.get(site.url)


def test_a_server_that_is_not_there_is_said(time: Time) -> None:
    with Site() as gone:
        pass
    with pytest.raises(Refused, match="cannot be reached, 4 times in a row"):
        time.fetcher().get(gone.url)


def test_a_redirect_is_followed(site: Site, time: Time) -> None:
    site.first.append(Reply(status=301, headers={"Location": "/there?b=2"}))
    assert time.fetcher().get(f"{site.url}/here").data == b"kites"
    assert [(one.path, one.query) for one in site.requests] == [("/here", {}), ("/there", {"b": "2"})]


def test_a_secret_goes_to_its_own_host_alone(site: Site, time: Time) -> None:
    with Site(lambda _: Reply(b"plums")) as other:
        site.first.append(Reply(status=302, headers={"Location": other.url}))
        assert time.fetcher().get(site.url, secret={"Key": "s"}).data == b"plums"
        assert (site.requests[0].headers["key"], "key" in other.requests[0].headers) == ("s", False)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "", "data:,x"])
def test_a_redirect_off_the_web_is_refused(location: str, site: Site, time: Time) -> None:
    site.first.append(Reply(status=302, headers={"Location": location}))
    with pytest.raises(Refused, match=r"redirects to (nowhere on the web|an address that cannot be read)"):
        time.fetcher().get(site.url)
    assert len(site.requests) == 1


def test_a_redirect_may_add_encryption_but_not_take_it_away() -> None:
    assert fetching._redirected("http://a.example/x", "https://a.example/y") == "https://a.example/y"
    with pytest.raises(Refused, match=r"without encryption, at b\.example"):
        fetching._redirected("https://a.example/x", "http://b.example/y")


def test_redirects_are_bounded(site: Site, time: Time) -> None:
    site.answer = lambda _: Reply(status=302, headers={"Location": "/again"})
    with pytest.raises(Refused, match="redirects more than 5 times"):
        time.fetcher().get(site.url)
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "sent something that is damaged XML"),
        (b"<feed><entry></feed>", "sent something that is damaged XML"),
        (b"<!DOCTYPE html><html><br></html>", "sent a web page that is"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "that is XML that defines entities of its own, which is refused"),
    ],
)
def test_xml_is_whole_or_refused(data: bytes, message: str) -> None:
    with pytest.raises(Refused, match=message):
        xml_of(Fetched(200, {}, data), "a feed")
    assert xml_of(Fetched(200, {}, b"\n<feed/>"), "a feed").tag == "feed"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "sent something that is not JSON"),
        (b'{"a": [1, 2', "where a list of works was expected"),
        (b"<html></html>", "sent a web page that is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "is not JSON"),
        (b"[]", "sent JSON that is no object"),
    ],
)
def test_json_is_whole_or_refused(data: bytes, message: str) -> None:
    with pytest.raises(Refused, match=message):
        json_of(Fetched(200, {}, data), "a list of works")
