"""llm: a reply is complete or an error, arrives in time and is counted; every error says what to do."""

from __future__ import annotations

import email.utils
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk

from assistant.core.errors import LLMError
from assistant.llm import Message, Metered, Reply, Schema, ScriptedModel, ServedModel, Usage, served
from assistant.llm.failures import wait
from assistant.llm.served import Dialect, ThoughtFilter, adapted

from ..modelserver import (
    Handler,
    ModelServer,
    Step,
    breaks,
    chunk,
    drips,
    floods,
    redirects,
    refuses,
    reply,
    says,
    sends,
    spent,
    stream,
    waits,
)

ASKED = (Message("system", "Be brief."), Message("user", "Greet me."))
SCHEMA = {"title": "greeting", "type": "object", "properties": {"text": {"type": "string"}}}
TIME = 20.0
"""Seconds; tests only take this long if the code breaks its own, shorter limits."""

Call = Callable[..., tuple[ModelServer, ServedModel]]


@pytest.fixture
def call() -> Iterator[Call]:
    """`call(step, ...)`: a server that takes these steps, and its model; both are closed in the end."""
    open_ones: list[ModelServer | ServedModel] = []

    def start(*steps: Step, name: str = "scripted", silence: float = TIME) -> tuple[ModelServer, ServedModel]:
        server = ModelServer(*steps).__enter__()
        model = ServedModel(name, url=server.url, silence=silence)
        open_ones.extend((model, server))
        return server, model

    yield start
    for one in open_ones:
        one.close() if isinstance(one, ServedModel) else one.__exit__()


def text(model: ServedModel, *, seconds: float = TIME) -> str:
    return model.complete(ASKED, seconds=seconds).text()


# -- a reply


def test_a_reply_comes_in_pieces_and_whole(call: Call) -> None:
    _, model = call(says("Hello there, friend."))
    assert list(model.complete(ASKED)) == ["Hello", " ther", "e, fr", "iend."]
    assert text(model) == "Hello there, friend."


def test_what_is_asked_of_the_server(call: Call) -> None:
    server, model = call(says("{}"))
    Metered(model).complete(ASKED, schema=SCHEMA, temperature=0.7).text()
    assert server.asked == [
        {
            "model": "scripted",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Greet me."}],
            "max_tokens": 2000,
            "temperature": 0.7,
            "stream": True,
            "stream_options": {"include_usage": True},
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "greeting", "schema": SCHEMA, "strict": True},
            },
        }
    ]


def test_without_a_name_the_first_model_that_is_served_is_asked(call: Call) -> None:
    server, model = call(says("Hello."), name="")
    assert text(model) == "Hello."
    assert (server.asked[0]["model"], model.name, model.models()) == ("scripted", "scripted", ["scripted"])


def test_the_key_is_sent_and_never_shown() -> None:
    with ModelServer(refuses(401, "Incorrect API key provided: sk-secret")) as server:
        model = ServedModel("scripted", url=server.url, key="sk-secret")
        with pytest.raises(LLMError, match=r"refuses the key\. Set OPENAI_API_KEY") as error:
            text(model)
        model.close()
    assert server.keys == ["Bearer sk-secret"]
    assert "secret" not in str(error.value)


def test_nothing_is_started_or_sent_before_the_first_call() -> None:
    before = threading.active_count()
    model = ServedModel("scripted", url="http://127.0.0.1:1/v1")
    assert threading.active_count() == before
    model.close()


def test_simultaneous_replies_do_not_mix(call: Call) -> None:
    _, model = call(*(says(f"I am {n}. " * 20) for n in range(8)))
    replies = [model.complete(ASKED) for _ in range(8)]
    texts = [one.text() for one in replies]
    assert sorted(texts) == [f"I am {n}. " * 20 for n in range(8)]


# -- usage


def test_the_servers_own_count_is_used(call: Call) -> None:
    _, model = call(says("Hello."))
    one = model.complete(ASKED)
    assert one.text() == "Hello."
    assert one.usage == Usage(1, 11, 7)


def test_without_a_count_usage_is_estimated_and_marked(call: Call) -> None:
    _, model = call(says("Hello there.", usage=False))
    one = model.complete(ASKED)
    one.text()
    assert one.usage == Usage(1, one.usage.prompt_tokens, 3, estimated=1)
    assert 8 <= one.usage.prompt_tokens <= 20


def test_text_before_a_break_is_counted(call: Call) -> None:
    _, model = call(breaks(stream(chunk("Hello there."), done=False)))
    one = model.complete(ASKED)
    with pytest.raises(LLMError):
        one.text()
    assert (one.usage.calls, one.usage.completion_tokens) == (1, 3)


def test_usages_add_up() -> None:
    assert Usage(1, 11, 7) + Usage(1, 4, 2, estimated=1) == Usage(2, 15, 9, 1)


def test_a_metered_model_sums_its_calls_and_keeps_one_time_limit() -> None:
    metered = Metered(ScriptedModel("One two.", "Three."))
    assert [metered.complete(ASKED).text() for _ in range(2)] == ["One two.", "Three."]
    assert (metered.name, metered.usage.calls, metered.usage.completion_tokens) == ("scripted", 2, 3)
    late = Metered(ScriptedModel("One."), seconds=0.0)
    with pytest.raises(LLMError, match=r"time limit of 0 s per question has passed"):
        late.complete(ASKED)


def test_a_metered_call_gets_all_the_time_that_is_left() -> None:
    allowed: list[float] = []

    class Patient(ScriptedModel):
        def complete(
            self,
            messages: Sequence[Message],
            *,
            schema: Schema | None = None,
            seconds: float = 60.0,
            temperature: float = 0.0,
        ) -> Reply:
            allowed.append(seconds)
            return super().complete(messages, seconds=seconds)

    metered = Metered(Patient("One.", "Two."), seconds=600.0)
    metered.complete(ASKED)
    metered.complete(ASKED, seconds=5.0)
    assert 500 < allowed[0] <= 600
    assert allowed[1] == 5.0


def test_an_error_before_a_call_replaces_the_call() -> None:
    def refuse() -> None:
        raise LLMError("The day is over.")

    metered = Metered(ScriptedModel("One."), before=refuse)
    with pytest.raises(LLMError, match=r"The day is over"):
        metered.complete(ASKED)
    assert metered.usage.calls == 0


# -- refusals that change the request


@pytest.mark.parametrize(
    ("message", "gone", "instead"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported here. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "max_completion_tokens",
        ),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", None),
        ("Unrecognized request argument supplied: stream_options", "stream_options", None),
    ],
)
def test_a_parameter_that_the_server_refuses_is_left_out_from_then_on(
    call: Call, message: str, gone: str, instead: str | None
) -> None:
    server, model = call(refuses(400, message), says("Hello."))
    assert [text(model), text(model)] == ["Hello.", "Hello."]
    first, *later = server.asked
    assert gone in first
    assert len(later) == 2
    assert all(gone not in asked and (instead is None or instead in asked) for asked in later)


@pytest.mark.parametrize("status", [400, 422, 500])
def test_without_a_system_role_its_text_opens_the_users(call: Call, status: int) -> None:
    server, model = call(refuses(status, "System role not supported"), says("Hello."))
    assert text(model) == "Hello."
    assert server.asked[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nGreet me."}]


def test_a_schema_is_requested_less_and_less_strictly(call: Call) -> None:
    refused = refuses(400, "response_format of this type is unavailable")
    server, model = call(refused, refused, says("Hello."))
    model.complete(ASKED, schema=SCHEMA).text()
    kinds = [asked.get("response_format", {}).get("type") for asked in server.asked]
    assert kinds == ["json_schema", "json_object", None]


def test_a_server_that_refuses_everything_is_given_up(call: Call) -> None:
    server, model = call(refuses(400, "temperature, stream_options, response_format, max_tokens: no"))
    with pytest.raises(LLMError, match="status 400"):
        model.complete(ASKED, schema=SCHEMA).text()
    assert len(server.asked) < 12


@pytest.mark.parametrize(
    "message", ["", "no", "the system is down", "This model's maximum context length is 512 tokens"]
)
def test_other_refusals_change_nothing(message: str) -> None:
    assert adapted(Dialect(), message) is None


# -- retries


def test_a_busy_server_is_asked_again_after_the_pause_it_wants(call: Call) -> None:
    server, model = call(refuses(429, "slow down", headers={"Retry-After": "0.3"}), says("Hello."))
    started = time.monotonic()
    assert text(model) == "Hello."
    assert time.monotonic() - started >= 0.3  # a bound from below is exact: the machine can only be later
    assert len(server.asked) == 2


def test_nobody_waits_longer_than_the_time_limit(call: Call) -> None:
    server, model = call(refuses(429, "slow down", headers={"Retry-After": "3600"}), says("Hello."))
    with pytest.raises(LLMError, match=r"receiving too many requests\. It says: slow down\. Ask again later"):
        text(model)
    assert len(server.asked) == 1


def test_temporary_failures_are_tried_three_times(call: Call) -> None:
    quick = {"Retry-After": "0.01"}
    server, model = call(refuses(502, "", headers=quick), refuses(503, "", headers=quick), says("Hello."))
    assert text(model) == "Hello."
    server, model = call(refuses(500, "out of memory", headers=quick))
    with pytest.raises(LLMError, match=r"fails with status 500\. It says: out of memory\. See its log"):
        text(model)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "message", "code", "expected"),
    [
        (400, "bad", None, r"refuses the request with status 400\. It says: bad\. To see .*assistant model"),
        (401, "bad", None, "Set OPENAI_API_KEY"),
        (403, "bad", None, "Set OPENAI_API_KEY"),
        (404, "no such model", None, r"no model 'scripted' at .* no such model\. Set ASSISTANT_MODEL"),
        (400, "maximum context length is 512 tokens", None, "too long for the model .* ASSISTANT_MODEL_PROMPT_TOKENS"),
        (400, "exceeds the available context size", None, "too long for the model .* ASSISTANT_MODEL_PROMPT_TOKENS"),
        (429, "You exceeded your quota", "insufficient_quota", "no credit left"),
    ],
)
def test_permanent_failures_are_reported_at_once(
    call: Call, status: int, message: str, code: str | None, expected: str
) -> None:
    server, model = call(refuses(status, message, code=code))
    with pytest.raises(LLMError, match=expected):
        text(model)
    assert len(server.asked) == 1


def test_a_missing_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "PAUSE", 0.01)
    model = ServedModel("scripted", url="http://127.0.0.1:9/v1")
    with pytest.raises(LLMError, match=r"http://127.0.0.1:9/v1 cannot be reached.*ASSISTANT_MODEL_URL"):
        text(model)
    model.close()


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("3", 3.0), ("0.25", 0.25), ("0", 0.0), ("soon", None), ("", None), ("-1", None), ("nan", None)],
)
def test_a_server_may_name_a_pause(asked: str, seconds: float | None) -> None:
    assert wait({"retry-after": asked}) == seconds


def test_a_server_may_name_a_date() -> None:
    in_a_while = wait({"retry-after": email.utils.formatdate(time.time() + 100, usegmt=True)})
    assert in_a_while is not None
    assert 90 < in_a_while <= 100
    assert wait({"retry-after": email.utils.formatdate(0, usegmt=True)}) == 0.0


# -- what breaks, stalls and drips

WHOLE = reply("Hi.")
CUTS = sorted({*range(0, len(WHOLE) - 60, 9), *range(len(WHOLE) - 60, len(WHOLE), 3)})
FINISHED = WHOLE.index(b'"stop"') + len(b'"stop", "logprobs": null}]}')


@pytest.mark.parametrize("end", [sends, breaks], ids=["closed", "reset"])
def test_a_stream_cut_at_any_byte_is_noticed(call: Call, end: Callable[[bytes], Step]) -> None:
    """The connection may end after any byte; a reply is complete only if its finish reason arrived."""
    _, model = call(*(end(WHOLE[:cut]) for cut in CUTS))
    whole = set()
    for cut in CUTS:
        try:
            assert text(model) == "Hi."
            whole.add(cut)
        except LLMError as error:
            assert "ASSISTANT_MODEL" in str(error)
    assert all(cut > FINISHED for cut in whole)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body>Welcome</body></html>", id="a-page"),
        pytest.param(b'{"choices": [{"message": {"content": "Hi."}}]}', id="no-stream"),
        pytest.param(b"data: {nonsense\n\n", id="broken-json"),
        pytest.param(b"data: 3\n\n", id="a-number"),
        pytest.param(b'data: "text"\n\n', id="a-string"),
        pytest.param(b"data: []\n\n", id="a-list"),
        pytest.param(b"data: null\n\n", id="null"),
        pytest.param(b'data: {"choices": 3}\n\n', id="choices-no-list"),
        pytest.param(b'data: {"choices": ' + b"[" * 100_000 + b"\n\n", id="nested"),
        pytest.param(b'data: {"choices": [3]}\n\n', id="choice-no-object"),
        pytest.param(b'data: {"choices": [{"delta": null}]}\n\n', id="no-delta"),
        pytest.param(b"data: \xff\xfe\n\n", id="not-utf-8"),
        pytest.param(b"data: [DONE]\n\n", id="done-at-once"),
    ],
)
def test_a_response_that_is_no_reply_is_reported(call: Call, body: bytes) -> None:
    _, model = call(sends(body))
    with pytest.raises(LLMError, match=r"ASSISTANT_MODEL_URL"):
        text(model)


@pytest.mark.parametrize(
    ("reason", "expected"), [("length", "ASSISTANT_MODEL_TOKENS"), ("content_filter", "withheld"), (None, "cut off")]
)
def test_a_reply_that_ends_for_another_reason_is_incomplete(call: Call, reason: str | None, expected: str) -> None:
    _, model = call(says("Hello.", reason=reason))
    with pytest.raises(LLMError, match=expected):
        text(model)


def test_an_error_within_the_stream_is_reported(call: Call) -> None:
    _, model = call(sends(stream(chunk("Hel"), {"error": {"message": "out of memory"}})))
    with pytest.raises(LLMError, match=r"stopped before it was done\. It says: out of memory"):
        text(model)


MEGABYTE = 2**20
LINE = b'data: {"choices": [{"index": 0, "delta": {"content": "'


@pytest.mark.parametrize(
    ("status", "opening", "piece"),
    [
        pytest.param(200, LINE, b"x" * MEGABYTE, id="one-line"),
        pytest.param(200, b"", b": still here\n\n" * 70_000, id="comments"),
        pytest.param(400, b'{"error": {"message": "', b"x" * MEGABYTE, id="a-refusal"),
    ],
)
def test_no_more_is_read_than_a_reply_can_be(call: Call, status: int, opening: bytes, piece: bytes) -> None:
    server, model = call(floods(opening, piece, times=400, status=status))
    with pytest.raises(LLMError, match=r"sends more than the 4,194,304 bytes .* Set ASSISTANT_MODEL_URL"):
        text(model)
    assert server.gone.wait(TIME)
    assert server.sent < 40 * MEGABYTE


def test_a_longer_reply_may_be_requested() -> None:
    long = stream(*[chunk("x" * 20, padding="x" * 10_000)] * 600, chunk(None, "stop"))
    with ModelServer(sends(long)) as server:
        model = ServedModel("scripted", url=server.url, tokens=10_000)
        assert text(model) == "x" * 12_000
        model.close()


def test_a_compressed_reply_is_not_read(call: Call) -> None:
    """A megabyte of it could unpack to a gigabyte."""

    def step(handler: Handler) -> None:
        accepted.append(handler.headers["Accept-Encoding"])
        handler.head(200, "text/event-stream", {"Content-Encoding": "gzip"})
        handler.write(gzip.compress(reply("Hi.")))

    accepted: list[str] = []
    _, model = call(step)
    with pytest.raises(LLMError, match=r"compresses its reply \(gzip\), although uncompressed was requested"):
        text(model)
    assert set(accepted) == {"identity"}


def test_a_reply_that_goes_on_is_given_up(call: Call) -> None:
    _, model = call(says("word " * 50_000, piece=50))
    one = model.complete(ASKED, seconds=TIME)
    with pytest.raises(LLMError, match=r"wrote more than 200,000 characters\. Lower ASSISTANT_MODEL_TOKENS"):
        one.text()
    assert one.usage.completion_tokens < 50_000


def test_the_time_limit_holds_however_much_has_arrived(call: Call) -> None:
    _, model = call(says("word " * 1000))
    one = model.complete(ASKED, seconds=0.5)
    with pytest.raises(LLMError, match=r"not done within 0\.5 s"):
        for _ in one:
            time.sleep(0.02)  # the reader is slower than the server, which is done long before


def test_a_long_thought_is_read_once() -> None:
    """Searching all of it again with every piece took minutes."""
    shown = ThoughtFilter()
    assert shown.feed("<think>") == ""
    for _ in range(400_000):
        assert shown.feed("hm, ") == ""
    assert shown.feed("</thi") + shown.feed("nk>Hello.") == "Hello."
    assert ThoughtFilter().feed("<think></think>" * 200_000 + "Hello.") == "Hello."


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_question_and_the_key_are_sent_to_no_other_address(status: int) -> None:
    with ModelServer(says("Hello.")) as elsewhere, ModelServer(redirects(f"{elsewhere.url}/x", status)) as server:
        model = ServedModel("scripted", url=server.url, key="sk-secret")
        with pytest.raises(LLMError, match=rf"redirects to {elsewhere.url}/x\. Nothing was sent there\."):
            text(model)
        model.close()
    assert (len(server.asked), elsewhere.asked, elsewhere.keys) == (1, [], [])


@pytest.mark.parametrize("step", [waits(stream(chunk("Hel"), done=False)), waits(), waits(headers=False)])
def test_a_server_that_falls_silent_is_given_up(call: Call, step: Step) -> None:
    server, model = call(step, silence=0.2)
    with pytest.raises(LLMError, match=r"stopped responding.*ASSISTANT_MODEL_SILENCE"):
        text(model)
    assert server.gone.wait(TIME)


@pytest.mark.parametrize("byte", [b" ", b": still here\n\n", stream(chunk("x"), done=False)])
def test_a_server_that_drips_is_given_up_when_the_time_is_up(call: Call, byte: bytes) -> None:
    server, model = call(says("Hello."), drips(byte))
    assert text(model) == "Hello."  # so that the time below is not spent on starting
    with pytest.raises(LLMError, match=r"not done within 0\.7 s.*ASSISTANT_MODEL_TIMEOUT"):
        text(model, seconds=0.7)
    assert server.gone.wait(TIME)


# -- cancelling


def test_a_reply_no_longer_read_is_cancelled(call: Call) -> None:
    server, model = call(waits(stream(chunk("Hel"), done=False)))
    pieces = iter(model.complete(ASKED))
    assert next(pieces) == "Hel"
    pieces.close()  # type: ignore[attr-defined]
    assert server.gone.wait(TIME)


def test_a_reply_not_yet_begun_is_cancelled(call: Call) -> None:
    server, model = call(waits(headers=False))
    one = model.complete(ASKED)
    while not server.asked:
        time.sleep(0.01)
    one.close()
    assert server.gone.wait(TIME)
    with pytest.raises(LLMError, match="cancelled"):
        one.text()


def test_closing_a_model_cancels_its_replies(call: Call) -> None:
    server, model = call(waits(stream(chunk("Hel"), done=False)))
    one = model.complete(ASKED)
    pieces = iter(one)
    next(pieces)
    model.close()
    with pytest.raises(LLMError, match="cancelled"):
        next(pieces)
    assert server.gone.wait(TIME)


def test_a_closed_model_can_be_asked_again(call: Call) -> None:
    _, model = call(says("Hello."))
    assert text(model) == "Hello."
    model.close()
    assert text(model) == "Hello."


# -- thoughts


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<think>Well, hm.</think>\n\nHello.", "Hello."),
        ("  <thinking>Well.</thinking> Hello.", "Hello."),
        ("<think></think><think>a</think>Hello.", "Hello."),
        ("<think>never done", ""),
        ("<|channel|>analysis<|message|>Well.<|end|><|start|>assistant<|channel|>final<|message|>Hello.", "Hello."),
        ("<|channel|>final<|message|>Hello.", "Hello."),
        ("Hello <think>er</think>.", "Hello <think>er</think>."),
        ("<thin", "<thin"),
        ("<", "<"),
        ("a < b", "a < b"),
        ("", ""),
    ],
)
@settings(max_examples=30)
@given(data=st.data())
def test_thoughts_are_removed_however_they_are_cut(raw: str, shown: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    filter_ = ThoughtFilter()
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert "".join([*(filter_.feed(piece) for piece in pieces), filter_.end()]) == shown


def test_a_reply_of_thoughts_alone_is_empty(call: Call) -> None:
    _, model = call(says("<think>I wonder"))
    assert text(model) == ""


# -- the doubles


def test_the_script_is_replied_in_order_and_ends() -> None:
    model = ScriptedModel("One.", LLMError("No."), lambda messages: messages[-1].content)
    assert model.complete(ASKED).text() == "One."
    with pytest.raises(LLMError, match=r"^No\.$"):
        model.complete(ASKED).text()
    assert model.complete(ASKED).text() == "Greet me."
    with pytest.raises(LLMError, match="no further line"):
        model.complete(ASKED).text()
    assert model.seen == [ASKED] * 4


def test_a_reply_raises_its_makers_error() -> None:
    """A bug in the maker's thread is not mistaken for the end of a reply."""
    one = Reply(ASKED, seconds=TIME)
    one.put("Hel")
    one.put(ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError):
        one.text()


@pytest.mark.parametrize("sent", [chunk("Hi"), chunk(None, "stop"), spent(3, 4)], ids=["text", "end", "usage"])
def test_the_server_double_speaks_as_the_published_interface_does(sent: dict[str, object]) -> None:
    """The client's types are generated from its description; nothing is missing, wrong or unknown."""
    read = ChatCompletionChunk.model_validate_json(json.dumps(sent), strict=True)
    assert not read.model_extra
    assert not any(choice.model_extra or choice.delta.model_extra for choice in read.choices)
    assert read.usage is None or isinstance(read.usage, CompletionUsage)
