"""text: sentences, words, terms, numbers and names."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.core.text import apart, content_words, names, numbers, parts, sentences, stem, terms, words

TWO = [
    pytest.param("RAG (Lewis et al. 2020) works.|It is fast.", id="et-al-before-a-year"),
    pytest.param("As Lewis et al. (2020) say, it works.|It is fast.", id="et-al-before-a-bracket"),
    pytest.param("This follows Lewis et al.|We extend it.", id="et-al-at-the-end"),
    pytest.param("We use encoders, e.g. BERT and GPT-4, as bases.|They differ.", id="eg"),
    pytest.param("We use encoders (e.g., BERT) as bases.|They differ.", id="eg-comma"),
    pytest.param("One model, i.e. RocketQA, wins.|Others lose.", id="ie"),
    pytest.param("One model (i.e. RocketQA) wins.|Others lose.", id="ie-in-brackets"),
    pytest.param("See Fig. 3 for it.|Then stop.", id="fig"),
    pytest.param("See Fig. A for it.|Then stop.", id="fig-letter"),
    pytest.param("By Eq. 7 it holds.|We stop.", id="eq"),
    pytest.param("In Sec. IV we test it.|We stop.", id="sec"),
    pytest.param("Dense vs. Sparse is an old fight.|We end it.", id="vs"),
    pytest.param("It fails (cf. Manning) at times.|We mend it.", id="cf"),
    pytest.param("It has approx. 30 layers.|It is big.", id="approx"),
    pytest.param("It is robust w.r.t. Gaussian noise.|It is fast.", id="wrt"),
    pytest.param("It gains 3.5 points over 2.0.|The cost is 0.1 s.", id="decimals"),
    pytest.param("We gain 5.|It is a lot.", id="short-number-at-the-end"),
    pytest.param("The U.S. Government pays for it.|We thank it.", id="us-goes-on"),
    pytest.param("The data come from the U.S.|We clean them.", id="us-ends"),
    pytest.param("The proof of J. Doe is short.|We extend it.", id="initial"),
    pytest.param("The proof of J. R. Doe is short.|We extend it.", id="two-initials"),
    pytest.param("The idea of Dr. Doe is short.|We extend it.", id="doctor"),
    pytest.param('"Attention is enough."|We doubt it.', id="quotes"),
    pytest.param("They said “it is enough.”|We doubt it.", id="curly-quotes"),
    pytest.param("Can it scale?!|We say yes.", id="both-marks"),
    pytest.param("Does it scale?|Yes.", id="question"),
    pytest.param("It scales!|Yes.", id="exclamation"),
    pytest.param("It works (see above).|We stop.", id="closing-bracket"),
    pytest.param("(It works.)|We stop.", id="bracketed-sentence"),
    pytest.param("It works...|We stop.", id="ellipsis"),
    pytest.param("The code is at https://github.com/a/b.git for all.|Try it.", id="url"),
    pytest.param("The code is at https://example.org/b.|Try it.", id="url-at-the-end"),
    pytest.param("We use Node.js for it.|Try it.", id="dot-in-a-name"),
    pytest.param("We test GPT-3.5.|It fails.", id="version-at-the-end"),
    pytest.param("We test it on images, text, etc.|We win.", id="etc-at-the-end"),
    pytest.param("1. First we read.|2. Then we write.", id="items"),
    pytest.param("We test it.\n\nIt works.".replace("\n\n", "|"), id="plain"),
    pytest.param("It works.|$VILA^2$ wins.", id="latex-opens"),
    pytest.param("It works.|$k$ is small.", id="latex-opens-in-lower-case"),
    pytest.param("It works.|\\(k\\) is small.", id="latex-in-brackets-opens"),
    pytest.param("It works.|\\emph{k} is small.", id="latex-command-opens"),
    pytest.param("We take posts of one autumn (Oct. 2020 to Dec. 2020).|It works.", id="months"),
    pytest.param("It works in many languages.|mSLAM is small.", id="name-in-lower-case-opens"),
    pytest.param("It works ($n=2$).|($k$ is small.)", id="latex-opens-in-a-bracket"),
    pytest.param("It is robust w.r.t. $k$ and $n$.|It is fast.", id="latex-after-an-abbreviation"),
    pytest.param("Alg. $k$ of Fig. $n$ is fast.|It works.", id="latex-after-what-it-numbers"),
    pytest.param("它很快。|我们很高兴。", id="chinese"),
]


@pytest.mark.parametrize("marked", TWO)
def test_two_sentences_are_two(marked: str) -> None:
    expected = marked.split("|")
    text = " ".join(expected)
    assert [s.of(text) for s in sentences(text)] == expected


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(["It improves performance.", "Extensive experiments confirm it."], id="english"),
        pytest.param(["它很快。", "我们很高兴。"], id="chinese"),
        pytest.param(["Does it work?", "Perhaps it does."], id="question"),
    ],
)
def test_sentences_without_a_space_between_are_split(expected: list[str]) -> None:
    text = "".join(expected)
    assert [s.of(text) for s in sentences(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The code is at https://example.org/x.Tar now", id="url-inside"),
        pytest.param("no stop at the end", id="no-stop"),
        pytest.param("We use the yahoo! index daily", id="mark-inside"),
        pytest.param("It is version 2.0.1 of it.", id="version"),
        pytest.param("...", id="only-stops"),
    ],
)
def test_one_sentence_stays_whole(text: str) -> None:
    assert [s.of(text) for s in sentences(text)] == [text]


@pytest.mark.parametrize("text", ["", " ", "\n\t\u00a0"], ids=["empty", "space", "spaces"])
def test_empty_text_has_no_sentences(text: str) -> None:
    assert sentences(text) == []


def test_white_space_around_sentences_is_left_out() -> None:
    assert [(s.start, s.end) for s in sentences("  One is here.   Two is here.\n")] == [(2, 14), (17, 29)]


ANY_TEXT = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from([*"abAB .!?\"')(。1-", "e.g.", "et al.", "Fig.", "U.S.", "\n", "\u00a0", "We", "word"])
    ).map("".join),
)


@given(ANY_TEXT)
@example("A. B. C.")
def test_sentences_tile_the_text(text: str) -> None:
    spans = sentences(text)
    covered = {i for span in spans for i in range(span.start, span.end)}
    assert covered >= {i for i, character in enumerate(text) if not character.isspace()}
    for before, after in pairwise(spans):
        assert before.end <= after.start
    for span in spans:
        assert span.of(text) == span.of(text).strip() != ""


def test_a_long_run_of_stops_takes_linear_time() -> None:
    """It took 47 seconds for 20,000 of them; a test that hangs is red too."""
    assert len(sentences("." * 50_000 + "a b c d e f.")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("GPT-4 wasn't 3.5 long", ["GPT-4", "wasn't", "3.5", "long"], id="joined"),
        pytest.param("TCP/IP, C++ and R^2AG", ["TCP/IP", "C++", "and", "R", "2AG"], id="signs"),
        pytest.param("γ-MoD Ragnarök", ["γ-MoD", "Ragnarök"], id="letters-beyond-ascii"),
        pytest.param("检索", ["检", "索"], id="chinese-by-character"),
        pytest.param(" ,.!?- ", [], id="none"),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_words_between_chinese_characters_stay_whole() -> None:
    assert words("用GPT-4做2.3实验") == ["用", "GPT-4", "做", "2.3", "实", "验"]
    assert apart("用GPT-4做2.3实验, BERT") == "用 GPT-4 做 2.3 实验, BERT"


def test_forms_of_a_word_share_a_stem() -> None:
    assert {stem(w) for w in ("retrieve", "Retrieves", "retrieved", "retrieving")} == {"retriev"}
    assert stem("RocketQA's") == stem("rocketqa’s") == stem("RocketQA")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("retrieval-augmented", ["retrieval", "augmented"]),
        ("plain", []),
        ("3.5", []),
        ("GPT-4", ["GPT", "4"]),
    ],
)
def test_parts_of_compounds(word: str, expected: list[str]) -> None:
    assert parts(word) == expected


def test_terms_have_compounds_whole_and_in_parts_but_no_stop_words() -> None:
    assert terms("Retrieval-augmented GPT-4") == ["retrieval-aug", "retriev", "augment", "gpt-4", "gpt", "4"]
    assert terms("which papers are about the") == []


def test_content_words_stay_as_written() -> None:
    assert content_words("Which papers use the RocketQA ranker?") == ["RocketQA", "ranker"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1,024 tokens", [(1024.0, "", "1,024")], id="thousands"),
        pytest.param("by 3.5%", [(3.5, "%", "3.5%")], id="percent"),
        pytest.param("by 3.5 percent", [(3.5, "%", "3.5 percent")], id="percent-word"),
        pytest.param("a 70B model", [(7e10, "", "70B")], id="billion-letter"),
        pytest.param("12 million images", [(1.2e7, "", "12 million")], id="million-word"),
        pytest.param("2.5x faster", [(2.5, "x", "2.5x")], id="times-letter"),
        pytest.param("10× smaller", [(10.0, "x", "10×")], id="times-sign"),
        pytest.param("a 3-fold gain", [(3.0, "x", "3-fold")], id="fold"),
        pytest.param("seven layers", [(7.0, "", "seven")], id="spelt"),
        pytest.param("BM25 and v2", [], id="inside-names"),
        pytest.param("no number", [], id="none"),
    ],
)
def test_numbers(text: str, expected: list[tuple[float, str, str]]) -> None:
    assert [(n.value, n.unit, n.text) for n in numbers(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("RocketQA beats BM25.", ["RocketQA", "BM25"], id="mixed"),
        pytest.param("Training with Adam helps.", ["Adam"], id="capital-within"),
        pytest.param("It fails. Training helps.", [], id="first-words"),
        pytest.param("RocketQA and RocketQA", ["RocketQA"], id="once"),
        pytest.param("in 2020 we", [], id="years"),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@given(ANY_TEXT)
def test_no_text_raises(text: str) -> None:
    assert all(isinstance(term, str) and term for term in terms(text))
    assert all(number.text for number in numbers(text))
    assert set(names(text)) <= set(words(text))
