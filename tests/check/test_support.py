"""support: the signals of a sentence and an abstract, fault by fault, and the checker's verdict on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.check.checker import Checker
from assistant.check.support import Signals, signals
from assistant.core.records import Check, Paper
from assistant.core.text import Span

from ..papers import PAIRS


def even(stems: Iterable[str]) -> Mapping[str, float]:
    """Every stem is as rare as every other."""
    return dict.fromkeys(stems, 1.0)


PEAR, KITE, SNOW, READING = (Paper(*PAIRS[n]) for n in (0, 6, 7, 4))
SHED = Paper(
    "ShedNet: Warm Sheds",
    "ShedNet outperforms BarnNet on warmth. It reduces the draught by half and keeps the memory of the door. "
    "It does not need glass. Sheds are small and stable. Three sheds of Utrecht are heated to 62.4% of the sun. "
    "Many sheds improve after winter.",
)


def compared(sentence: str, paper: Paper = SHED) -> Signals:
    return signals(sentence, paper, even)


def check(sentence: str, paper: Paper = SHED) -> Check:
    return Checker(even).check(sentence, paper)


# -- each fault


@pytest.mark.parametrize(
    ("sentence", "paper", "reason"),
    [
        pytest.param("PearRank gains 4.5 points over BM25 on OrchardBench.", PEAR, "does not state 4.5", id="number"),
        pytest.param("PearRank has 12 billion parameters.", PEAR, "does not state 12 billion", id="magnitude"),
        pytest.param(
            "Sheds of Utrecht are heated to 62.4 times the sun.", SHED, "does not state 62.4 times", id="unit"
        ),
        pytest.param("Seven sheds of Utrecht are heated.", SHED, "count other than Seven", id="spelt-number"),
        pytest.param(
            "ShedNet keeps the memory of small doors in sheds of Utrecht by weight decay.",
            SHED,
            "not mention weight decay",
            id="term",
        ),
        pytest.param("QuinceRank learns from weak labels alone.", PEAR, "does not name QuinceRank", id="name"),
        pytest.param("The probe of kites by Marlowe reads the direction.", KITE, "does not name Marlowe", id="person"),
        pytest.param("PearRank never learns from weak labels alone.", PEAR, "negation", id="negation"),
        pytest.param("ShedNet does need glass.", SHED, "negation", id="negation-taken-away"),
        pytest.param("Sheds are always small and stable everywhere.", SHED, "always, everywhere", id="scope"),
        pytest.param("It is proven that many sheds improve after winter.", SHED, "claims more.*proven", id="proof"),
        pytest.param("Umbrellas are sold in the harbour on Mondays.", SHED, "little in common", id="another-topic"),
    ],
)
def test_a_fault_is_one_of_the_reasons(sentence: str, paper: Paper, reason: str) -> None:
    verdict = check(sentence, paper)
    assert any(re.search(reason, text) for text in verdict.reasons), verdict
    assert verdict.score < 0.9
    assert verdict.basis == "checked"


@pytest.mark.parametrize(
    ("sentence", "paper"),
    [
        pytest.param("PearRank gains 4.5 points over BM25 on OrchardBench.", PEAR, id="number"),
        pytest.param("PearRank has 12 billion parameters.", PEAR, id="magnitude"),
        pytest.param("QuinceRank learns from weak labels alone.", PEAR, id="name"),
        pytest.param("PearRank never learns from weak labels alone.", PEAR, id="negation"),
        pytest.param("Sheds are always small and stable everywhere, whatever the weather.", SHED, id="scope"),
        pytest.param("Umbrellas are sold in the harbour on Mondays.", SHED, id="another-topic"),
        pytest.param("Readers ignore the ranks their retriever computed.", SNOW, id="another-paper"),
        pytest.param("", SHED, id="empty"),
        pytest.param("the of and", SHED, id="stop-words"),
    ],
)
def test_a_sentence_with_a_grave_fault_is_not_supported(sentence: str, paper: Paper) -> None:
    verdict = check(sentence, paper)
    assert not verdict.supported
    assert verdict.reasons


@pytest.mark.parametrize(
    ("sentence", "paper"),
    [
        ("PearRank learns from weak labels alone.", PEAR),
        ("Over the BM25 baseline, PearRank gains 3.5 points on OrchardBench.", PEAR),
        ("PearRank has 12 million parameters and gains 3.5 points.", PEAR),
        ("ShedNet outperforms BarnNet.", SHED),
        ("ShedNet needs no glass.", SHED),
        ("Sheds of Utrecht are heated to about 62.4 percent of the sun.", SHED),
        ("With 91 percent accuracy, a probe of two layers reads the direction of the wind.", KITE),
        ("After 40 days without flight, the memory of the kite fades.", KITE),
        ("The codec needs 2.5 times fewer boxes than the best plough.", SNOW),
        ("Readers ignore ranks that the retriever computed.", READING),
    ],
)
def test_a_true_paraphrase_is_supported(sentence: str, paper: Paper) -> None:
    verdict = check(sentence, paper)
    assert (verdict.supported, verdict.reasons) == (True, ())
    assert verdict.quote in paper.abstract


def test_an_abbreviated_number_is_not_a_name() -> None:
    assert check("PearRank, with its 12M parameters, sorts orchards by yield.", PEAR).reasons == ()


# -- the signals themselves


def test_numbers_and_names_may_be_in_the_title() -> None:
    paper = Paper("KiteNet-3: 7 Winds over Utrecht", "A study of kites.")
    signs = compared("KiteNet-3 has 7 winds over Utrecht.", paper)
    assert (signs.numbers, signs.names) == ((), ())


def test_the_quote_is_the_closest_window() -> None:
    assert compared("It reduces the draught by half.").quote == (
        "It reduces the draught by half and keeps the memory of the door."
    )
    assert compared("BarnNet and the draught").quote == (
        "ShedNet outperforms BarnNet on warmth. It reduces the draught by half and keeps the memory of the door."
    )


def test_the_shorter_of_two_equally_good_windows_is_quoted() -> None:
    assert compared("It does not need glass, ever").quote == "It does not need glass."


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("heated to 62.4%", ()),
        ("heated to about 62.5%", ()),
        ("heated to 64%", ("64%",)),
        ("three sheds", ()),
        ("3 sheds", ()),
        ("Nine sheds", ()),
        ("nine of them", ()),
        ("one shed, half a shed", ()),
    ],
)
def test_numbers_are_compared_by_value(sentence: str, numbers: tuple[str, ...]) -> None:
    signs = compared(sentence)
    assert signs.numbers == numbers


@pytest.mark.parametrize("name", ["ShedNet", "BarnNets", "Utrecht", "shednet"])
def test_a_name_in_the_abstract_is_not_a_fault(name: str) -> None:
    assert compared(f"Here {name} is meant.").names == ()


PEARS = Paper(
    "PearNet and Its Rivals",
    "PearNet puts orchards level with QuinceNet-7B, and gardens ahead of QuinceNet-13B. The baseline is Cohere's "
    "Pruner, as is Plum (PLM) Shears. More than 90% of all pears are kept, and 2.5x fewer boxes. Google had 60 plums.",
)


@pytest.mark.parametrize(
    ("sentence", "exchanged"),
    [
        ("PearNet puts orchards level with QuinceNet-13B.", ("quincenet-13b",)),
        ("The baseline is Google's Pruner.", ("google",)),
        ("More than 60% of all pears are kept.", ("60",)),
        ("Google puts orchards level with QuinceNet-7B.", ("google",)),
        ("PearNet puts orchards level with QuinceNet-7B.", ()),
        ("More than 90% of all pears are kept, and 2.5 times fewer boxes.", ()),
        ("A baseline is Plum Shears.", ()),
        ("PearNet had 60 plums.", ()),
        ("", ()),
    ],
)
def test_a_different_name_or_figure_in_the_same_place_is_exchanged(sentence: str, exchanged: tuple[str, ...]) -> None:
    assert compared(sentence, PEARS).exchanged == exchanged
    assert any("in place of" in reason for reason in check(sentence, PEARS).reasons) == bool(exchanged)


@pytest.mark.parametrize("name", ["CNN", "CNNs", "ViT-style", "Llama 3", "Llama3", "LLM", "KSP", "HPS"])
def test_a_name_may_be_spelt_out_shortened_or_joined(name: str) -> None:
    paper = Paper(
        "How Poplar Sheds Pay: Kept Sheds Pay", "Convolutional networks and ViT are language models like Llama3-8B."
    )
    signs = compared(f"Here a {name} is meant.", paper)
    assert (signs.names, signs.numbers) == ((), ())


def test_a_name_of_two_parts_is_missing_if_the_parts_are_apart() -> None:
    paper = Paper("Sheds", "The T5-XXL model is compared with a large shed.")
    assert compared("It is faster than T5-Large.", paper).names == ("T5-Large",)
    assert compared("It is faster than T5 XXL.", paper).names == ()


def test_a_term_is_foreign_only_if_the_rest_of_the_sentence_is_in_the_paper() -> None:
    assert compared("ShedNet keeps the memory of the door by weight decay in sheds of Utrecht.").foreign == (
        "weight decay",
    )
    assert compared("Shelters forget nothing by weight decay.").foreign == ()


def test_a_claim_as_wide_as_the_abstract_is_not_a_fault() -> None:
    paper = Paper("Sheds", "All sheds are always warm.")
    assert compared("All sheds are always warm, he says.", paper).wider == ()


# -- the words that a sentence is based on


def test_the_window_is_the_sentence_with_the_span() -> None:
    signs = signals("ShedNet needs no glass.", SHED, even, Span(*re.search("need glass", SHED.abstract).span()))  # type: ignore[union-attr]
    assert signs.quote == "It does not need glass."


def test_a_sentence_that_names_the_words_it_is_based_on_may_be_freer() -> None:
    free = "Whoever shelters there stays cosy, at half the wind."
    span = "It reduces the draught by half"
    assert Checker(even, lambda *_: 0.4).check(free, SHED, span).supported
    assert not Checker(even, lambda *_: 0.4).check(free, SHED).supported
    assert not Checker(even, lambda *_: 0.1).check(free, SHED, span).supported


def test_numbers_must_be_in_the_span_or_the_title() -> None:
    paper = Paper("ShedNet-4", "It has 3 doors. It is 12 metres long. It has a roof.")
    doors = Span(0, 8)
    assert signals("ShedNet-4 has 3 doors.", paper, even, doors).numbers == ()
    assert signals("ShedNet-4 has 12 doors.", paper, even, doors).numbers == ("12",)
    assert signals("ShedNet-4 has 12 doors.", paper, even).numbers == ()


@given(st.text(max_size=80), st.text(max_size=160))
def test_any_texts_give_a_verdict_with_a_verbatim_quote(sentence: str, abstract: str) -> None:
    paper = Paper("Title", abstract)
    signs = signals(sentence, paper, even)
    assert 0 <= signs.coverage <= 1
    assert 0 <= signs.window <= 1
    assert signs.quote in abstract
    verdict = Checker(even).check(sentence, paper)
    assert 0 <= verdict.score <= 1
    assert verdict.quote in abstract
    assert verdict.supported or verdict.reasons
