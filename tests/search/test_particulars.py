"""What a question asks for and the abstract does not state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.records import Paper
from assistant.search.particulars import unnamed, unstated, untried

SILENT = Paper(
    "PearRank: Ranking Orchards",
    "We propose PearRank, a ranker that learns from weak labels alone. It gains 3.5 points.",
)


@pytest.mark.parametrize(
    ("question", "missing", "stating"),
    [
        ("Who are the authors of PearRank?", "authors", None),
        ("Which university did it come from?", "who made it", "It was made at a university in Lisbon."),
        ("Under which licence is PearRank released?", "licence", "The code is released under the MIT licence."),
        ("What license does it have?", "licence", "It is Apache 2.0 licensed."),
        ("How many GPUs was it trained on?", "machines", "It was trained on 8 A100 GPUs."),
        ("What hardware does it need?", "machines", "It runs on a single phone."),
        ("How long did the training take?", "how long", "It trains in two days."),
        ("How many hours does it take to train?", "how long", "Training takes 9 hours."),
        ("What does it cost?", "price", "All of it costs only $28."),
        ("How much money was spent?", "price", "A budget of 500 dollars was enough."),
        ("When was it published?", "published", "A track of TREC 2024."),
        ("At which conference was it presented?", "published", "First shown at SIGIR 2021."),
        ("How often has it been cited?", "cited", "It has 40 citations."),
        ("Who funded the work?", "paid", "This work was funded by the Society of Pears."),
        ("What learning rate was used?", "learning rate", "The learning rate is 0.1."),
        ("Which optimizer do they use?", "optimizer", "We train with Adam."),
        ("What is its word error rate?", "word error rate", "It reaches a WER of 3."),
        ("How low is the perplexity?", "perplexity", "Its perplexity is 12."),
        ("What FID does it reach?", "FID", "It has an FID of 7.9."),
        ("What batch size did they choose?", "batch size", "A batch size of 64 is enough."),
        ("Is PearRank MIT licensed?", "licence", "Its code is openly licensed."),
        ("On which GPUs was it trained?", "machines", "It takes 36 hours on 16xA100-40G."),
        ("For how many days did it run?", "how long", "It runs for three weeks."),
        ("How much did the training cost?", "price", "We spend $500."),
        ("Who built PearRank?", "who made it", "It was built by pear growers."),
        ("What is the first author's e-mail?", "an address", "Write to the author of this paper: pears@orchard.test."),
        ("In which programming language is it written?", "written in", "The code is Python."),
        ("Where can I find the code?", "where its code", "Code is available."),
        ("Did an ethics committee see it?", "an ethics review", "All pickers gave consent."),
        ("What do they plan as future work?", "what comes next", "We plan to rank plums."),
        ("What error bars do they give?", "a significance test", "It gains 3.5 ± 0.2 points."),
        ("What is the hidden size of PearRank?", "hidden size", "Its layers are 512 wide, its hidden width is small."),
        ("How much memory does it take?", "memory", "It fits in 4 GB."),
        ("What were the ages of the pickers?", "age", "The pickers were born in 1960."),
        ("How many images are in its training set?", "how many images", "It has 3,000 photos."),
        ("How many speakers were recorded?", "how many speakers", "We record 40 voices."),
    ],
)
def test_a_particular_is_missing_unless_it_is_stated(question: str, missing: str, stating: str | None) -> None:
    assert missing in " ".join(unstated(question, SILENT))
    if stating:
        assert unstated(question, Paper(SILENT.title, f"{SILENT.abstract} {stating}")) == []


@pytest.mark.parametrize(
    "question",
    [
        "What does PearRank learn from?",
        "How many points does it gain?",
        "Why does training on weak labels work?",
        "How does the ranker work?",
        "What do the authors of PearRank claim?",
        "How do rankers behave in the age of plums?",
        "Which pickers read licence plates?",
        "How much training time is saved?",
        "",
    ],
)
def test_an_ordinary_question_asks_for_no_particular(question: str) -> None:
    assert unstated(question, SILENT) == []


def test_two_particulars_are_both_missing() -> None:
    assert len(set(unstated("Who funded it, and what licence does it have?", SILENT))) == 2


@pytest.mark.parametrize(
    ("name", "mentioned"),
    [
        ("PearRank", True),
        ("pearrank", True),
        ("Pear-Rank", True),
        ("PearRanks", True),
        ("OrchardRank", False),
        ("PearRank-XL", False),
    ],
)
def test_hyphens_and_plurals_of_a_name_do_not_matter(name: str, mentioned: bool) -> None:
    assert unnamed([name], SILENT) == ([] if mentioned else [name])


def test_a_name_may_be_written_in_latex_or_greek() -> None:
    paper = Paper("$VILA^2$: Villas", "Half as bright as γ-MoD.")
    assert unnamed(["VILA2", "gamma-MoD", "γMoD", "VILA^2"], paper) == []


def test_missing_names_keep_their_order() -> None:
    assert unnamed(["QuarkNet", "PearRank", "BananaFormer"], SILENT) == ["QuarkNet", "BananaFormer"]
    assert unnamed([], SILENT) == []


@pytest.mark.parametrize(
    ("question", "named", "missing"),
    [
        ("How good is PearRank on PlumNet?", [], ["anything on PlumNet"]),
        ("Does PearRank win against the PlumNet?", [], ["anything on PlumNet"]),
        ("Does PearRank win against PlumNet?", ["PlumNet"], []),
        ("How good is PearRank on OrchardNet-1K?", [], []),
        ("How good is PearRank on orchards?", [], []),
        ("Is PlumNet good on pears?", [], []),
        ("How good is PearRank on Q-7?", [], ["anything on Q-7"]),
    ],
)
def test_what_it_was_not_tested_on_is_missing(question: str, named: list[str], missing: list[str]) -> None:
    paper = Paper(SILENT.title, f"{SILENT.abstract} It is tested on OrchardNet.")
    assert untried(question, named, paper) == missing


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_texts_are_accepted(question: str, abstract: str) -> None:
    paper = Paper("Title", abstract)
    assert isinstance(unstated(question, paper), list)
    assert set(unnamed(question.split(), paper)) <= set(question.split())
    assert isinstance(untried(question, [], paper), list)
