"""Who wrote an answer, and the dialog that says how to change that."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.core.records import Answer, Citation, Claim, Decline, Passage, Turn
from assistant.doors import web
from assistant.llm.nearby import NearbyServer

from ..pages import Visitor, serving
from ..papers import PAIRS

CLAIM = Claim("Pears fall.", (Citation(Passage("id", "Pears", "Pears fall.", 0), "Pears fall.", 1.0, "quoted"),))
ANSWER = Answer("q", "q", (CLAIM,), written_by="extractive")


def line(answer: Answer) -> str:
    from assistant.doors.web.answers import finished

    return finished(Turn("q", answer), 1, last=True)


def test_an_answer_says_who_wrote_it() -> None:
    assert 'data-do="model" title="Who writes the answers">Quoted from the abstracts</button>' in line(ANSWER)
    assert "Written by &lt;b&gt;qwen" in line(replace(ANSWER, written_by="<b>qwen"))
    declined = replace(ANSWER, claims=(), declined=Decline("absent", "No."))
    assert 'data-do="model"' not in line(declined)


def dialog(model: str | None, *servers: NearbyServer, may_change: bool = True) -> str:
    web._prepare()
    from assistant.doors.web.model import shown

    return shown(model, servers, may_change=may_change)


def test_the_dialog_names_the_model_and_how_to_change_it() -> None:
    assert "No language model is used." in dialog(None)
    assert "None is running: Ollama, LM Studio, llama.cpp were looked for" in dialog(None)
    written = dialog("&qwen", NearbyServer("Ollama", 11434, ("<i>",)))
    assert "<b>&amp;qwen</b> writes the answers." in written
    assert "ASSISTANT_MODEL=none" in written
    assert "<b>&lt;i&gt;</b>" in written
    assert "ASSISTANT_MODEL_URL=http://127.0.0.1:11434/v1 ASSISTANT_MODEL=&#39;&lt;i&gt;&#39;" in written
    assert "Ollama" not in dialog("qwen", NearbyServer("Ollama", 11434, ("m",)), may_change=False)


@pytest.mark.parametrize("near", [True, False])
def test_servers_are_looked_for_only_when_it_is_opened_at_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, near: bool
) -> None:
    looked: list[bool] = []

    def look() -> tuple[NearbyServer, ...]:
        looked.append(True)
        return (NearbyServer("Ollama", 11434, ("pear:8b",)),)

    web._prepare()
    monkeypatch.setattr("assistant.doors.web.model.nearby", look)

    async def scene(url: str) -> str:
        visitor = await Visitor.arrive(url)
        await visitor.does("question", "submit", ["What is PearRank?", None])
        assert looked == []
        opened = str(await visitor.does("model", "apply", []))
        await visitor.leave()
        return opened

    with serving(tmp_path / "home", PAIRS, web.Rules(per_minute=100, nearby=near)) as page:
        opened = asyncio.run(scene(page.url))
    assert looked == [True] * near
    assert ("pear:8b" in opened) is near
