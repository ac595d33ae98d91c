"""Whether a text contains a spelling, and whether an abstract supports a sentence."""

from __future__ import annotations

import pytest

from eval.wording import shown, supported

ABSTRACT = (
    "Lichens are hard to tell apart. We present MossNet, a retrieval-augmented network for 412 lichens.  It runs\n"
    "at 35 pictures a second. Its accuracy is 91.5% on LichenBook. Two of the authors are botanists. "
    "An unsupervised variant needs no labels."
)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        ("2x", "it is 2X as fast"),
        ("2x", "faster (2x)."),
        ("MossNet", "mossnet's speed"),
        ("state  of the art", "State\u00a0of the\nart"),
        ("\uff21\uff22", "so ab is"),
        ("positive-aware", "Positive\u2011aware mining"),
        ("85%", "reaches 85% here"),
        ("C++", "in C++, fast"),
        (".NET", "the .NET way"),
        ("4", "all 4."),
        ("1,000", "some 1,000 things"),
        ("MossNet", "我们用MossNet方法"),
        ("地衣", "我们用地衣方法"),
        ("Straße", "die STRASSE hier"),
        ("outlier", "the outliers"),
        ("hallucinat", "it hallucinates."),
        ("scale reparameteri", "Scale reparameterization"),
        ("FDE", "with FDEs"),
    ],
)
def test_shown(spelling: str, text: str) -> None:
    assert shown(spelling, text)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        ("2x", "it is 12x as fast"),
        ("2x", "it is 1.2x as fast"),
        ("2x", "2xl"),
        ("4", "GPT-4 wins"),
        ("GPT-4", "GPT-4o wins"),
        ("GPT-4", "GPT-4.5 wins"),
        ("4", "some 4,000"),
        ("000", "some 4,000"),
        ("two", "twofold"),
        ("MoE", "Moebius"),
        ("TinyLlama", "TinyLlama2"),
        ("formly", "uniformly"),
        ("AR2", "BAR2"),
        ("a.c", "abc"),
        (" ", "anything"),
        ("x", ""),
    ],
)
def test_not_shown(spelling: str, text: str) -> None:
    assert not shown(spelling, text)


@pytest.mark.parametrize(
    "sentence",
    [
        "It runs at 35 pictures a second.",
        "It runs  at 35 pictures",
        "An unsupervised variant needs no labels",
        "MossNet, a network with retrieval augmented, for 412 lichens at 35 pictures per second.",
        "Accuracy on LichenBook is 91.5 percent.",
        "Botanists are two of the authors.",
        "MossNet is one network for 412 lichens.",
    ],
)
def test_supported(sentence: str) -> None:
    assert supported(sentence, ABSTRACT)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        " . ",
        "the of and",
        "It runs at 36 pictures a second.",
        "It runs at 35% of a second.",
        "MossNet names 413 lichens.",
        # Both halves are stated, but five sentences apart.
        "MossNet for 412 lichens needs no labels in an unsupervised variant.",
        # Part of a word is not a word: the abstract says "unsupervised".
        "supervised variant",
        "MossNet beats FernNet on BarkBook.",
    ],
)
def test_not_supported(sentence: str) -> None:
    assert not supported(sentence, ABSTRACT)


def test_the_share_of_content_words_is_four_in_five() -> None:
    abstract = "Alpha beta gamma delta epsilon."
    assert supported("epsilon delta gamma alpha fern", abstract)
    assert not supported("epsilon delta alpha moss fern", abstract)


def test_nothing_is_supported_by_an_empty_abstract() -> None:
    assert not supported("It runs.", "")
