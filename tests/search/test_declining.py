"""Why a question has no answer, or None."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from assistant.core.logistic import model
from assistant.core.records import Decline, Hit
from assistant.index.names import Named
from assistant.question.understanding import Asked
from assistant.search import declining
from assistant.search.answering import SENTENCES, WORDS
from assistant.search.declining import BY_WORDS, FAINT, NEAREST, UNMET, decline, features, features_of_list, within
from assistant.search.relevance import judged, probabilities

from ..doubles import HashEmbedder
from .test_retrieval import KITE, PEAR, Shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"), embedder=HashEmbedder())
    yield made
    made.close()


def understood(shelf: Shelf, question: str) -> tuple[Asked, list[Hit]]:
    asked = shelf.asked(question)
    return asked, judged(asked, shelf.hits(question))


def faint(hits: list[Hit]) -> list[Hit]:
    """The hits as if they had nothing to do with the question."""
    return [
        replace(hit, relevance=0.0, signals=replace(hit.signals, named=0.0, maxsim=0.0, cosine=0.0, coverage=0.0))
        for hit in hits
    ]


def test_a_list_is_declined_by_the_best_that_any_hit_matches(shelf: Shelf) -> None:
    asked = replace(shelf.asked("Which papers are about orchards?"), kind="list")
    hits = judged(asked, shelf.hits(asked.text))
    far = [replace(one, signals=replace(one.signals, maxsim=0.1, weighted=0.1, pair=0.1, named=0.0)) for one in hits]
    near = replace(far[-1], signals=replace(far[-1].signals, maxsim=0.9, weighted=0.9, pair=0.9))
    declined = decline(asked, far)
    assert declined is not None
    assert declined.kind == "absent"
    assert decline(asked, [*far[:-1], near]) is None


def test_the_topic_of_a_list_is_judged_by_its_likeliest_and_third_likeliest_paper(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Which papers are about orchards?")
    some = [replace(hit, relevance=value) for hit, value in zip(hits, (0.2, 0.9, 0.4, 0.6), strict=False)]
    assert [features_of_list(asked, some)[name] for name in ("best", "third")] == [0.9, 0.4]
    assert [features_of_list(asked, some[:2])[name] for name in ("best", "third")] == [0.9, 0.2]


@pytest.mark.parametrize(
    "question", ["What does PearRank learn from?", "How many points does PearRank gain?", "Summarise PearRank."]
)
def test_what_a_named_paper_states_is_not_declined(shelf: Shelf, question: str) -> None:
    assert decline(*understood(shelf, question)) is None


def test_another_language_is_declined_unless_its_names_and_words_find_a_paper(shelf: Shelf) -> None:
    named = understood(shelf, "Was lernt PearRank aus den Birnen?")
    assert named[0].foreign
    assert decline(*named) is None
    asked, hits = understood(shelf, "Wie viele Birnen gibt es in der Stadt?")
    clear = replace(hits[0], relevance=model("single").threshold)
    below = replace(hits[0], relevance=model("single").threshold - 0.01)
    assert decline(asked, [clear]) is None
    declined = decline(asked, [below, *hits[1:]])
    assert declined is not None
    assert (declined.kind, declined.nearest) == ("absent", ())
    assert declined.message.startswith("The question does not seem to be in English, and no paper here clearly matches")


def test_another_language_is_no_reason_where_papers_are_chosen(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Wie viele Birnen gibt es in der Stadt?")
    hits = [replace(hits[0], relevance=FAINT)]
    assert decline(replace(asked, papers=(hits[0].paper.id,)), hits) is None


@pytest.mark.parametrize("kind", ["instruction", "talk"])
def test_what_is_not_a_question_about_papers_is_off_corpus(shelf: Shelf, kind: str) -> None:
    _, hits = understood(shelf, "What does PearRank learn from?")
    for some in (hits, []):
        declined = decline(Asked("PearRank!", kind), some)  # type: ignore[arg-type]
        assert declined is not None
        assert (declined.kind, declined.nearest) == ("off-corpus", ())
        assert "I only answer from the papers here" in declined.message


@pytest.mark.parametrize(("coverage", "about"), [(BY_WORDS, True), (BY_WORDS - 0.01, False)])
def test_without_vectors_the_covered_words_decide(shelf: Shelf, coverage: float, about: bool) -> None:
    asked, hits = understood(shelf, "What does the ranker learn from weak labels?")
    by_words = [replace(hit, signals=replace(hit.signals, coverage=coverage)) for hit in faint(hits)]
    assert (decline(asked, by_words) is None) == about


def test_without_hits_the_topic_is_absent() -> None:
    declined = decline(Asked("What about umbrellas?", "fact"), [])
    assert declined is not None
    assert (declined.kind, declined.nearest) == ("absent", ())


def test_a_name_of_no_paper_is_invented(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "How many labels does QuarkNet-7 need?")
    declined = decline(asked, hits)
    assert declined is not None
    assert declined.kind == "invented"
    assert "QuarkNet-7" in declined.message
    assert declined.nearest == tuple(hit.paper.title for hit in hits[:NEAREST])


def test_an_unknown_name_beside_a_surely_named_paper_is_not_stated(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Does PearRank use QuarkNet-7?")
    declined = decline(asked, hits)
    assert declined is not None
    assert (declined.kind, "QuarkNet-7" in declined.message) == ("unstated", True)


def test_what_the_nearest_paper_does_not_say_is_unstated(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, hits = understood(shelf, "What does PearRank learn from?")
    monkeypatch.setattr(declining, "answered", lambda *_: False)
    declined = decline(asked, hits)
    assert declined is not None
    assert (declined.kind, declined.nearest[0]) == ("unstated", PEAR)
    best = max(hits[0].evidence, key=lambda sentence: sentence.signals.answers).text
    assert declined.message.startswith(f"The abstract of “{PEAR}” does not seem to say that.")
    assert best in declined.message
    unnamed = [replace(hit, signals=replace(hit.signals, named=0.0)) for hit in hits]
    declined = decline(asked, unnamed)
    assert declined is not None
    assert (declined.kind, "comes nearest" in declined.message) == ("unstated", True)
    declined = decline(asked, [replace(hit, relevance=0.2) for hit in unnamed])
    assert declined is not None
    assert declined.kind == "absent"


def test_what_a_named_paper_does_not_say_is_unstated_however_little_it_has_to_do_with_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, hits = understood(shelf, f"Regarding “{PEAR}”: Which umbrellas keep sailors dry?")
    monkeypatch.setattr(declining, "answered", lambda *_: False)
    declined = decline(asked, [replace(hit, relevance=0.2) for hit in hits])
    assert declined is not None
    assert (declined.kind, PEAR in declined.message) == ("unstated", True)


def test_a_list_is_not_declined_for_what_one_abstract_does_not_state(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Which papers say under which licence pears are ranked?")
    declined = decline(replace(asked, kind="list"), hits)
    assert declined is None or declined.kind != "unstated"


def test_a_topic_that_no_paper_is_about_is_absent(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Which umbrellas keep sailors in Lisbon dry?")
    declined = decline(asked, faint(hits))
    assert declined is not None
    assert declined.kind == "absent"
    assert declined.nearest == tuple(hit.paper.title for hit in hits[:NEAREST])
    assert all(f"“{title}”" in declined.message for title in declined.nearest)


@pytest.mark.parametrize(("relevance", "kind"), [(FAINT, None), (FAINT - 0.01, "absent")])
def test_the_question_must_be_about_the_chosen_paper(shelf: Shelf, relevance: float, kind: str | None) -> None:
    asked, hits = understood(shelf, "What does a memory of the wind tell?")
    first = replace(hits[0], relevance=relevance)
    assert decline(asked, [first]) is None
    declined = decline(replace(asked, papers=(first.paper.id,)), [first])
    assert (declined and declined.kind) == kind


@pytest.mark.parametrize(
    ("papers", "message"),
    [
        (None, "No."),
        (("a",), "No. Only the chosen paper was looked at."),
        (("a", "b"), "No. Only the 2 chosen papers were looked at."),
    ],
)
def test_a_decline_says_that_only_chosen_papers_were_looked_at(papers: tuple[str, ...] | None, message: str) -> None:
    asked = Asked("Which umbrellas?", "fact", papers=papers)
    assert within(Decline("absent", "No.", ("A title",)), asked) == Decline("absent", message, ("A title",))
    assert within(Decline("off-corpus", "No."), asked).message == "No."


def test_a_decline_names_a_limited_number_of_nearest_papers(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Which umbrellas keep sailors in Lisbon dry?")
    assert len(hits) > NEAREST
    one = decline(asked, faint(hits[:1]))
    assert one is not None
    assert one.nearest == (hits[0].paper.title,)
    many = decline(asked, faint(hits))
    assert many is not None
    assert len(many.nearest) == NEAREST


def test_the_model_uses_exactly_these_features(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "What do kites remember?")
    assert hits[0].paper.title == KITE
    assert set(model("answers").features) == features(asked, hits).keys()


def test_the_gate_sees_the_length_of_question_and_abstract_up_to_a_limit(shelf: Shelf) -> None:
    asked, some = understood(shelf, "What does PearRank learn from?")
    seen = features(asked, some)
    assert (seen["words"], seen["sentences"]) == (5 / WORDS, len(some[0].evidence) / SENTENCES)
    long = replace(some[0], evidence=some[0].evidence * SENTENCES)
    seen = features(replace(asked, text="pears " * 100), [long])
    assert (seen["words"], seen["sentences"]) == (1.0, 1.0)


def test_the_gate_sees_the_first_hit_and_what_is_asked(shelf: Shelf) -> None:
    asked, some = understood(shelf, "What does PearRank learn from?")
    seen = features(asked, some)
    assert (seen["maxsim"], seen["pair"]) == (some[0].signals.maxsim, some[0].signals.pair)
    assert (seen["named"], seen["count"]) == (1.0, 0.0)
    seen = features(replace(asked, kind="count", named=()), some)
    assert (seen["named"], seen["count"]) == (0.0, 1.0)
    assert features(replace(asked, kind="list"), some)["count"] == 0.0


def test_for_lists_the_gate_sees_the_best_hit_judged_as_the_only_one(shelf: Shelf) -> None:
    asked, some = understood(shelf, "What does PearRank learn from?")
    doubtful = [replace(hit, relevance=0.5) for hit in some]
    assert features(asked, doubtful)["alone"] == 0.5
    assert features(replace(asked, kind="list"), doubtful)["alone"] == max(probabilities(some, "single"))


@pytest.mark.parametrize("name", ["alone", "maxsim", "pair"])
def test_a_less_similar_question_is_less_likely_answered(shelf: Shelf, name: str) -> None:
    seen = features(*understood(shelf, "What does PearRank learn from?"))
    fitted = model("answers")
    assert fitted.probability({**seen, name: seen[name] / 2}) < fitted.probability(seen)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("What is qwertz?", "No paper here has the word “qwertz”."),
        ("qwertz zuiop", "No paper here has the words “qwertz” or “zuiop”."),
    ],
)
def test_words_that_no_paper_uses_are_named_without_nearest_papers(shelf: Shelf, question: str, message: str) -> None:
    assert decline(*understood(shelf, question)) == Decline("absent", message)
    assert decline(shelf.asked(question), []) == Decline("absent", message)


@pytest.mark.parametrize(
    ("name", "bearer", "exact", "kind", "declined"),
    [
        ("Utrecht", 1, False, "fact", True),
        ("Utrecht", 0, False, "fact", False),
        ("Utrecht", 1, True, "fact", False),
        ("Utrecht", 1, False, "list", False),
        ("Utrekt", 1, False, "fact", False),
    ],
)
def test_the_best_hit_must_mention_a_name_that_few_papers_mention(
    shelf: Shelf, name: str, bearer: int, exact: bool, kind: str, declined: bool
) -> None:
    asked, hits = understood(shelf, "What does PearRank learn from?")
    beside = replace(hits[1], paper=replace(hits[1].paper, abstract="It is tried in Utrecht."))
    some = [hits[0], beside]
    named = Named(name, (some[bearer].paper.id,), exact=exact)
    result = decline(replace(asked, kind=kind, named=(named,)), some)  # type: ignore[arg-type]
    message = f"The abstracts that mention Utrecht do not seem to say that. The nearest are “{beside.paper.title}”."
    assert (result is not None and (result.kind, result.message) == ("unstated", message)) == declined


def test_a_name_that_any_hit_mentions_is_not_invented(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "How many labels does QuarkNet-7 need?")
    other = replace(hits[1], paper=replace(hits[1].paper, abstract=f"{hits[1].paper.abstract} QuarkNet-7B"))
    declined = decline(asked, [hits[0], other, *hits[2:]])
    assert declined is None or declined.kind != "invented"


@pytest.mark.parametrize(
    "question",
    [
        'What does the paper "Do Pears Remember the Rain?" propose?',
        "What does the paper “Do Pears Remember the Rain?” propose?",
        "What does the paper titled 'Do Pears Remember the Rain?' say?",
        "Summarise the paper called Do Pears Remember the Rain?",
        "Summarise the article which is named «Do Pears Remember the Rain?»",
        "What does this paper, „Do Pears Remember the Rain?“ find?",
    ],
)
def test_a_title_of_no_paper_is_invented(shelf: Shelf, question: str) -> None:
    declined = decline(*understood(shelf, question))
    assert declined is not None
    assert declined.kind == "invented"
    assert declined.message.startswith("No paper here is called “Do Pears Remember the Rain”. The nearest are “")
    assert declined.nearest[0] == KITE


@pytest.mark.parametrize(
    "question",
    [
        f"What does the paper “{KITE}” find?",
        f"Regarding “{KITE}”: what does the paper find?",
        "What does the paper 'Do Kites Remember' find?",
        "What does the paper “Do Kits Remember the Wind” find?",
        "What does the paper called PearRank find?",
        'What does the paper "pearranks" find?',
        "Which paper “weaves” ranks into the prompt?",
        "What does the paper called that asks kites about the wind find?",
        "There was this paper, “Do Shovels Dream” or similar, on snow. Which?",
        "I forgot who wrote the paper “Do Shovels Dream”, on snow.",
        "What does the method called “Rank Weaving” do?",
    ],
)
def test_a_title_given_in_part_or_with_a_slip_is_not_invented(shelf: Shelf, question: str) -> None:
    declined = decline(*understood(shelf, question))
    assert declined is None or "is called" not in declined.message


def test_among_chosen_papers_no_title_is_invented(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "What does the paper “Do Pears Remember” find?")
    for kept in (replace(asked, papers=(hits[0].paper.id,)), replace(asked, sources=("odd.txt",))):
        declined = decline(kept, hits)
        assert declined is None or "is called" not in declined.message


def test_an_unknown_name_that_is_the_whole_question_is_invented(shelf: Shelf) -> None:
    declined = decline(*understood(shelf, "What is QuarkNet-7?"))
    assert declined is not None
    assert (declined.kind, "QuarkNet-7" in declined.message) == ("invented", True)


def test_a_list_all_of_whose_papers_are_excluded_names_them(shelf: Shelf) -> None:
    asked, hits = understood(shelf, "Which papers are about pears?")
    unmet = replace(asked, kind="list", left_out=("orchards", "labels"), broken_by=(PEAR,))
    declined = decline(unmet, [replace(hits[0], relevance=UNMET - 0.01), *hits[1:]])
    assert declined == Decline(
        "absent",
        f"Nothing here seems to meet that condition. On the topic, but about “orchards” or “labels”: “{PEAR}”.",
        (PEAR,),
    )
    probable = decline(unmet, [replace(hits[0], relevance=UNMET), *hits[1:]])
    assert probable is None or "meet that condition" not in probable.message
