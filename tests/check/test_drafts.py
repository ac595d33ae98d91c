"""drafts: every sentence is reported, with a verdict for each citation and a closer paper where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.check import drafts
from assistant.core.bounds import DRAFT, SENTENCE
from assistant.core.drafts import CheckedDraft
from assistant.core.errors import LibraryBusy, QuestionError

from ..live import opened
from ..papers import PAIRS

PEAR, KITE = PAIRS[0][0], PAIRS[6][0]
BIBLIOGRAPHY = f"@misc{{pear, title={{{PEAR}}}}}\n@misc{{kite, title={{{KITE}}}}}"
TRUE = "It sorts orchards by their yield of pears"


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with opened(home) as one:
        yield one


def standings(draft: CheckedDraft) -> list[tuple[int, str]]:
    return [(sentence.line, sentence.standing) for sentence in draft.sentences]


def test_each_sentence_is_checked_against_what_it_cites(assistant: Assistant) -> None:
    text = f"{TRUE} [@pear]. It gains 9.5 points\nover BM25 [@pear].\n\nIt is so [@none]. It rains."
    draft = assistant.check_draft(text, bibliography=BIBLIOGRAPHY)
    assert standings(draft) == [
        (1, "supported"),
        (1, "not supported"),
        (4, "not in the library"),
        (4, "no citation"),
    ]
    first, second, third, _ = draft.sentences
    assert (first.text, first.citations[0].check.basis) == (f"{TRUE}.", "quoted")  # type: ignore[union-attr]
    assert second.citations[0].check == assistant.check("It gains 9.5 points over BM25.", PEAR)
    assert (third.citations[0].reason, draft.missing) == ("no paper here for [@none]", ("[@none]",))
    assert not draft.passed


def test_one_supporting_citation_is_enough(assistant: Assistant) -> None:
    draft = assistant.check_draft(f"{TRUE} [@kite; @pear; @none].", bibliography=BIBLIOGRAPHY)
    assert [one.standing for one in draft.sentences[0].citations] == [
        "not supported",
        "supported",
        "not in the library",
    ]
    assert draft.passed


def test_a_closer_paper_is_named_only_for_what_is_not_supported(assistant: Assistant) -> None:
    wrong, right = "A probe of two layers reads the direction with 91% accuracy [@pear].", f"{TRUE} [@pear]."
    draft = assistant.check_draft(f"{wrong} {right} Pears fly to Mars [@kite].", bibliography=BIBLIOGRAPHY)
    assert [one.closer.title if one.closer else "" for one in draft.sentences] == [KITE, "", ""]
    assert draft.sentences[0].closer and draft.sentences[0].closer.check
    assert draft.sentences[0].closer.check.supported


def test_a_reference_that_fits_several_papers_is_not_guessed(assistant: Assistant) -> None:
    listed = f"\n\n## References\n\n[1] Doe, J. {PEAR}. 2020.\n[2] Doe, J. {KITE} 2020."
    draft = assistant.check_draft(f"{TRUE} (Doe, 2020).{listed}")
    reason = draft.sentences[0].citations[0].reason
    assert reason == f"several papers here fit (Doe, 2020): “{PEAR}”; “{KITE}”"


def test_a_quotation_or_note_that_names_no_paper_is_no_citation(assistant: Assistant) -> None:
    text = f'They call it "an orchard of words"[^1]. In "{KITE}" the memory fades.\n\n[^1]: It is so.'
    draft = assistant.check_draft(text)
    assert [len(sentence.citations) for sentence in draft.sentences] == [0, 1, 0]
    assert draft.sentences[0].text == 'They call it "an orchard of words".'
    assert draft.sentences[1].citations[0].title == KITE


@pytest.mark.parametrize(
    ("sentence", "reason"), [("So [@pear].", drafts.TOO_SHORT), ("a " * SENTENCE + "[@pear].", drafts.TOO_LONG)]
)
def test_what_states_nothing_is_not_supported(sentence: str, reason: str, assistant: Assistant) -> None:
    (checked,) = assistant.check_draft(sentence, bibliography=BIBLIOGRAPHY).sentences
    assert checked.citations[0].check and checked.citations[0].check.reasons == (reason,)
    assert checked.closer is None


def test_a_file_is_read_with_the_bibliographies_beside_it(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "draft.md"
    path.write_text(f"{TRUE} [@pear].", encoding="utf-8-sig")
    assert not assistant.check_draft(path).passed
    (tmp_path / "a.bib").write_text(BIBLIOGRAPHY)
    assert assistant.check_draft(path).passed
    (tmp_path / "other.bib").write_text("@misc{pear, title={Nothing of This}}")
    assert not assistant.check_draft(path, bibliography=tmp_path / "other.bib").passed


def test_progress_counts_sentences_with_citations_and_may_end_the_check(assistant: Assistant) -> None:
    seen: list[tuple[str, int, int]] = []
    text = f"It rains. {TRUE} [@pear]. It snows. {TRUE} [@none]."
    assistant.check_draft(text, progress=lambda *step: seen.append(step))
    assert seen == [("checking", 0, 2), ("checking", 1, 2)]

    def stop(*_: object) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        assistant.check_draft(text, progress=stop)


def test_a_draft_that_cannot_be_checked_is_refused(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "draft.docx").write_bytes(b"PK\xff\xfe")
    for draft, reason in (
        ("", "The draft has no words"),
        ("a " * DRAFT, "The draft has 400,000 characters, more than 200,000"),
        (tmp_path / "draft.docx", "is not UTF-8 text"),
        (tmp_path / "none.md", "cannot be read: No such file"),
    ):
        with pytest.raises(QuestionError, match=reason):
            assistant.check_draft(draft)
    monkeypatch.setattr(drafts, "MOST", 1)
    with pytest.raises(QuestionError, match="2 sentences of the draft cite something, more than 1"):
        assistant.check_draft("It is [1]. It was [2].")


def test_an_empty_library_checks_nothing(tmp_path: Path) -> None:
    with Assistant.open(tmp_path / "empty") as assistant, pytest.raises(LibraryBusy, match="nothing to check against"):
        assistant.check_draft("It is so [1].")
