"""eval.faults and eval.soak: what they count, and that they notice what is wrong."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from assistant.core.records import Paper
from assistant.library.papers import Library
from eval.absurd import LONGEST, Absurd
from eval.faults import kills
from eval.faults.apart import Apart, Say, done
from eval.faults.outcomes import Aftermath, failures, table
from eval.faults.proxy import Proxy
from eval.faults.scene import Judge, Scene, leftovers
from eval.soak import Marked, Soaked, clients_for, growth, is_sound


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("scene")) as made:
        yield made


def speaking(say: Say, words: list[str]) -> int:
    for word in words:
        say(word)
    return len(words)


def failing(_: Say) -> None:
    raise ValueError("on purpose")


def waiting(say: Say) -> None:
    say("ready")
    import time

    time.sleep(60)


def test_a_process_says_what_it_did_and_how_it_ended() -> None:
    assert (done(speaking, ["a", "b"]).said, done(speaking, ["a"]).value) == (("a", "b"), 1)
    assert "ValueError: on purpose" in done(failing).crash
    work = Apart(waiting)
    assert work.wait_for("ready")
    ended = work.kill()
    assert (ended.said, ended.killed, ended.crash) == (("ready",), True, "")
    assert done(waiting, seconds=0.2).crash == "it hung for 0 s"


def test_a_home_that_lost_papers_or_has_leftovers_does_not_pass(scene: Scene) -> None:
    chance = random.Random(1)
    place = scene.copy("loser")
    with closing(Library(place.folder)) as library:
        library.remove([library.papers()[0].id])
    (place.folder / "index/stray").write_text("{}")
    outcome = Judge(scene, place, scene.known(chance), scene.states[:1]).outcome("loss", 0, "", 0.0)
    assert (outcome.kept, outcome.clean, outcome.passed) == (False, False, False)
    assert "papers that were acknowledged are missing or changed" in outcome.problems
    assert leftovers(place.folder) == ["index/stray"]


def test_a_kill_is_counted(scene: Scene) -> None:
    outcome = kills.rebuild(scene, random.Random(2), 0)
    assert outcome.passed, outcome.problems
    assert table([outcome, replace(outcome, kind="other", harm="it broke", mended="by doctor")]).rows[1][:7] == (
        *("other", "1", "1", "1", "1", "1"),
        "1",
    )


def test_what_did_not_pass_is_listed() -> None:
    good, bad = (
        Aftermath("cut", 1, "a file", 0.1),
        Aftermath("cut", 2, "a file", 0.1, kept=False, problems=("it is gone",)),
    )
    assert failures([good, bad]) == "- cut 2, a file: it is gone\n"


def test_the_proxy_passes_refuses_and_comes_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Proxy(server.getsockname()[1]) as proxy:

        def sent() -> bytes:
            with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                accepted, _ = server.accept()
                with accepted:
                    client.sendall(b"hello")
                    return accepted.recv(5)

        assert sent() == b"hello"
        proxy.mode = "refuse"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.port))
        proxy.mode = "pass"
        assert sent() == b"hello"


def test_absurd_texts_are_made_again_by_the_same_seed() -> None:
    some = [[Absurd(random.Random(seed), ["What is it?"]).text() for _ in range(3)] for seed in (1, 1, 2)]
    assert some[0] == some[1] != some[2]
    assert all(len(text) <= LONGEST for texts in some for text in texts)


def test_a_soak_tells_own_papers_from_those_of_others() -> None:
    one, other = clients_for([Paper("A", "a"), Paper("B", "b")], 2)
    assert (one, other) == (Marked("A", frozenset("B")), Marked("B", frozenset("A")))
    assert [one.verdict(titles) for titles in (["B", "A"], ["C"], ["B"])] == ["right", "missed", "mixed"]
    with pytest.raises(ValueError, match="3 clients need as many papers"):
        clients_for([Paper("A", "a")], 3)


def test_growth_is_that_after_the_first_third() -> None:
    flat = [(float(second), 500.0 if second >= 20 else 100.0) for second in range(60)]
    assert growth(flat) == (500.0, 0.0)
    middle, share = growth([(float(second), 1000.0 + second) for second in range(60)])
    assert share == pytest.approx(3600 / middle)


def test_a_soak_with_an_error_or_a_mixed_answer_is_not_sound() -> None:
    good = Soaked(seconds=[1.0])
    assert is_sound(good)
    assert not is_sound(replace(good, mixed=["x"]))
    assert not is_sound(replace(good, tracebacks=1))
