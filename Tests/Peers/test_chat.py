"""Chat completions, plain and streamed, to the built-in model and to a provider."""

import asyncio
import concurrent.futures
import time

import openai
import pytest

BOTH = pytest.mark.parametrize("model", ["echo", "ok"])


@BOTH
def test_answers_whole(client, ask, model):
    answer = client.chat.completions.create(model=model, messages=ask)
    assert answer.object == "chat.completion"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@BOTH
def test_streams_the_same_words(client, ask, model):
    whole = client.chat.completions.create(model=model, messages=ask).choices[0].message.content
    events = list(client.chat.completions.create(model=model, messages=ask, stream=True))
    assert len(events) > 2
    assert {event.id for event in events} == {events[0].id}
    words = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert words == whole
    assert [event.choices[0].finish_reason for event in events if event.choices][-1] == "stop"


@BOTH
def test_streams_usage_when_asked(client, ask, model):
    options = {"include_usage": True}
    events = list(client.chat.completions.create(model=model, messages=ask, stream=True, stream_options=options))
    assert events[-1].choices == []
    assert events[-1].usage.total_tokens > 0
    plain = list(client.chat.completions.create(model=model, messages=ask, stream=True))
    assert all(event.usage is None for event in plain)


def test_echo_gives_the_prompt_back(client, ask, prompt):
    assert prompt in client.chat.completions.create(model="echo", messages=ask).choices[0].message.content


def test_events_arrive_as_they_are_sent(client, ask, named):
    arrivals = []
    for _ in client.chat.completions.create(model=named("stream-10-50"), messages=ask, stream=True):
        arrivals.append(time.monotonic())
    gaps = sorted(later - earlier for earlier, later in zip(arrivals, arrivals[1:]))
    # The last event follows at once; all others are 50 ms apart when nobody holds them back.
    assert gaps[len(gaps) // 2] > 0.03


def test_characters_cut_by_chunks_stay_whole(client, ask):
    events = client.chat.completions.create(model="utf8-split", messages=ask, stream=True)
    assert "".join(event.choices[0].delta.content or "" for event in events) == "grüße 🦉 gate"


def test_forty_streams_at_once(client, ask, upstream, named):
    model = named("stream-20-20")

    def one(number):
        name = "echo-slow-20ms" if number % 4 == 0 else model
        events = list(client.chat.completions.create(model=name, messages=ask, stream=True))
        assert events[-1].choices[0].finish_reason == "stop"
        return "".join(event.choices[0].delta.content or "" for event in events)

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        texts = list(pool.map(one, range(40)))
    expected = "".join(f"word{index} " for index in range(20))
    assert [text for number, text in enumerate(texts) if number % 4] == [expected] * 30
    assert len(upstream.of(model)) == 30


def test_the_async_client_streams(gate, token, ask):
    async def run():
        async with openai.AsyncOpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
            stream = await client.chat.completions.create(model="ok", messages=ask, stream=True)
            return "".join([event.choices[0].delta.content or "" async for event in stream])

    assert asyncio.run(run()) == "Hello from the provider"


def test_a_large_prompt_passes_unchanged(client, upstream, named, canaries):
    model, text = named("ok"), canaries.plant("large prompt") + "äö🦉\\\"\n" * 200_000
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    assert upstream.of(model)[0].json["messages"] == [{"role": "user", "content": text}]


def test_the_configured_name_is_sent_upstream(client, ask, upstream):
    before = len(upstream.of("ok.mapped"))
    client.chat.completions.create(model="mapped", messages=ask, temperature=0.25, seed=9007199254740993)
    sent = upstream.of("ok.mapped")
    assert len(sent) == before + 1
    # Everything but the name is passed on as it was spelled.
    assert b"9007199254740993" in sent[-1].body and b"0.25" in sent[-1].body
    assert b"mapped" not in sent[-1].body.replace(b"ok.mapped", b"")


def test_text_completions_pass_through(client, prompt):
    assert client.completions.create(model="ok", prompt=prompt).choices[0].text == "Hello from completions"
