"""The scripted provider, asked directly: when one of these fails, the fault is not the gate's."""

import time

import openai
import pytest


@pytest.fixture(scope="module")
def direct(upstream):
    with openai.OpenAI(base_url=upstream.base_url, api_key="direct", max_retries=0, timeout=10) as client:
        yield client


def test_answers_whole_and_streamed(direct, ask):
    whole = direct.chat.completions.create(model="ok", messages=ask)
    assert whole.choices[0].message.content == "Hello from the provider"
    pieces = [event.choices[0].delta.content or "" for event in
              direct.chat.completions.create(model="ok", messages=ask, stream=True)]
    assert "".join(pieces) == "Hello from the provider"


def test_breaks_off_as_told(direct, ask):
    for script in ("cut-chunked", "cut-reset"):
        with pytest.raises(Exception):
            for _ in direct.chat.completions.create(model=script, messages=ask, stream=True):
                pass
    with pytest.raises(openai.APIConnectionError):
        direct.chat.completions.create(model="cut-length", messages=ask)


def test_sees_a_client_leave(direct, upstream, ask, named):
    model = named("stream-500-5")
    stream = direct.chat.completions.create(model=model, messages=ask, stream=True)
    next(iter(stream))
    stream.close()
    for _ in range(200):
        if upstream.of(model)[0].closed_at:
            return
        time.sleep(0.01)
    raise AssertionError("the provider never saw the close")


def test_speaks_the_other_routes(direct):
    assert direct.embeddings.create(model="ok", input="x").data[0].embedding == [0.5, -1.25, 3.0, 0.0]
    assert direct.responses.create(model="ok", input="x").output_text == "Hello from responses"
    assert direct.completions.create(model="ok", prompt="x").choices[0].text == "Hello from completions"
    assert [event.type for event in direct.responses.create(model="ok", input="x", stream=True)][-1] == "response.completed"


def test_asks_for_patience_once(direct, ask, named):
    answer = direct.with_options(max_retries=1).chat.completions.create(model=named("busy-once"), messages=ask)
    assert answer.choices[0].finish_reason == "stop"
