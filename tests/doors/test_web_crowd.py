"""Twenty people at once: conversations never mix, and nobody waits for the others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from ..pages import Served, Visitor, serving
from ..papers import PAIRS

NAMES = tuple(f"Pear{chr(65 + n)}Net" for n in range(20))
CROWD = tuple(
    (f"{name}: Orchard Number {n}", f"We propose {name}, which waters orchard {n}. {name} gains {n + 30} points.")
    for n, name in enumerate(NAMES)
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("crowd") / "home", (*PAIRS, *CROWD)) as page:
        yield page


def named(markup: object) -> set[str]:
    """The names in the markup that a person sees."""
    return set(re.findall(r"Pear[A-T]Net", str(markup)))


def test_twenty_conversations_at_once_never_mix(served: Served) -> None:
    async def converse(name: str) -> None:
        visitor = await Visitor.arrive(served.url)
        try:
            for turn, question in enumerate((f"What is {name}?", "how many points does it gain?"), start=1):
                outputs = await visitor.does("question", "submit", [question, None])
                _, past, current, *_ = map(str, outputs)
                assert named(current) == {name}, (name, current)
                assert named(past) <= {name}
                assert f'data-turn="{turn}"' in current
                assert ">1</a>" in current, f"{name} is not answered: {current}"
            shown = await visitor.does("current", "select", [None], {"turn": 1})
            assert re.findall(r"<small[^>]*>(.*?)</small>", str(shown)) == [f"What is {name}?"]
        finally:
            await visitor.leave()

    async def scene() -> None:
        await asyncio.gather(*map(converse, NAMES))

    asyncio.run(scene())


def test_a_slow_answer_delays_nobody_else(served: Served) -> None:
    async def scene() -> None:
        slow, quick = await Visitor.arrive(served.url), await Visitor.arrive(served.url)
        waiting = asyncio.create_task(slow.does("question", "submit", ["What is PearANet, slowly?", None]))
        outputs = await quick.does("question", "submit", ["What is PearBNet?", None])
        assert named(outputs[2]) == {"PearBNet"}
        assert not waiting.done()
        served.writer.released.set()
        assert named((await waiting)[2]) == {"PearANet"}
        await slow.leave()
        await quick.leave()

    served.writer.released.clear()
    asyncio.run(scene())


def test_a_question_asked_before_the_page_is_ready_begins_the_conversation(served: Served) -> None:
    """A page requests its content when it opens; a quick person asks a question before that arrives."""

    async def scene() -> None:
        visitor = await Visitor.arrive(served.url)
        await visitor.does("question", "submit", ["What is PearDNet?", None])
        arrived = await visitor.does("current", "apply", [], {"talk": ""})
        assert "data-talk" not in str(arrived)  # the answer stays in place
        outputs = await visitor.does("question", "submit", ["how many points does it gain?", None])
        assert named(outputs[2]) == {"PearDNet"}
        assert 'data-turn="2"' in str(outputs[2])
        await visitor.leave()

    asyncio.run(scene())


def test_the_name_of_a_conversation_alone_reveals_nothing(served: Served) -> None:
    async def scene() -> None:
        owner, stranger = await Visitor.arrive(served.url), await Visitor.arrive(served.url)
        outputs = await owner.does("question", "submit", ["What is PearCNet?", None])
        (name,) = re.findall(r'data-talk="([^"]+)"', str(outputs[2]))
        again = await owner.does("current", "apply", [], {"talk": name})
        assert named(again[2]) == {"PearCNet"}
        for talk in (name, f"{name}'", "../" + name):
            shown = await stranger.does("current", "apply", [], {"talk": talk})
            assert "PearCNet" not in str(shown)
        assert "PearCNet" not in str(await stranger.does("current", "select", [name], {"turn": 1}))
        await owner.leave()
        await stranger.leave()

    asyncio.run(scene())


def test_an_open_page_continues_its_conversation_after_a_restart_until_another_is_begun(
    served: Served,
) -> None:
    async def scene() -> None:
        visitor, stranger = await Visitor.arrive(served.url), await Visitor.arrive(served.url)
        outputs = await visitor.does("question", "submit", ["What is PearCNet?", None])
        (name,) = re.findall(r'data-talk="([^"]+)"', str(outputs[2]))
        outputs = await visitor.does("question", "submit", ["What is PearBNet?", ""], talk=name)
        assert f'data-talk="{name}"' in str(outputs[2])
        assert 'data-turn="2"' in str(outputs[2])
        rated = await visitor.does(
            "opinion", "like", [""], {"turn": 2, "good": True, "comment": "", "serial": "1"}, talk=name
        )
        assert 'aria-pressed="true"' in str(rated)
        outputs = await stranger.does("question", "submit", ["What is PearANet?", ""], talk=name)
        assert name not in str(outputs)
        outputs = await visitor.does("current", "clear", [""], talk=name)
        assert name not in str(outputs)
        await visitor.leave()
        await stranger.leave()

    asyncio.run(scene())


def test_a_browser_without_a_cookie_gets_an_explanation(served: Served) -> None:
    async def scene() -> str:
        visitor = await Visitor.arrive(served.url)
        visitor.forget()
        outputs = await visitor.does("current", "apply", [], {"talk": ""})
        await visitor.leave()
        return str(outputs)

    assert "Allow cookies for this address, then reload the page." in asyncio.run(scene())


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_box_asks_nothing(served: Served, question: str) -> None:
    async def scene() -> list[object]:
        visitor = await Visitor.arrive(served.url)
        outputs = await visitor.does("question", "submit", [question, None])
        await visitor.leave()
        return outputs

    assert "turn" not in str(asyncio.run(scene()))


@pytest.mark.parametrize("about", [{"turn": 0}, {"turn": 99}, {"turn": "1"}, {"turn": None}, {"turn": True}])
def test_evidence_of_unknown_turns_is_not_shown(served: Served, about: dict[str, object]) -> None:
    async def scene() -> object:
        visitor = await Visitor.arrive(served.url)
        outputs = await visitor.does("current", "select", [None], about)
        await visitor.leave()
        return outputs

    assert "card" not in str(asyncio.run(scene()))
