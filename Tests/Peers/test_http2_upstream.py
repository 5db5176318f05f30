"""A provider that speaks HTTP/2, written by others, behind the gate."""

import concurrent.futures
import time

import openai
import pytest

from certificates import Authority
from http2_upstream import Upstream


@pytest.fixture(scope="module")
def authority(outputs):
    folder = outputs / "provider-certificates"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture(scope="module")
def provider(authority):
    upstream = Upstream(*authority.leaf("provider", hosts=["localhost"])[:2]).start()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def secured(start, configuration, authority, provider):
    """A gate before a provider with HTTP/2, with one worker, so that there is one pool."""
    return start(configuration(
        providers={"h2": {"kind": "openai", "base_url": provider.base_url, "key": "env:LOCAL_KEY",
                          "tls": {"authority": authority.file}, "breaker": {"failures": 0}}},
        models={"*": {"provider": "h2"}}, listen={"workers": 1}))


@pytest.fixture(scope="module")
def through(secured, token):
    with openai.OpenAI(base_url=secured.base_url, api_key=token, max_retries=0, timeout=30) as client:
        yield client


def metric(gate, name):
    _, text = gate.get("/metrics", gate.admin)
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


def words(events):
    return "".join(event.choices[0].delta.content or "" for event in events if event.choices)


def test_asks_and_streams(through, provider, provider_key, secured, ask):
    whole = through.chat.completions.create(model="ok", messages=ask)
    assert whole.choices[0].message.content == "xxxxx"
    head, _ = provider.requests[-1]
    assert head[":method"] == "POST" and head[":path"] == "/v1/chat/completions"
    assert head["authorization"] == f"Bearer {provider_key}"
    assert words(through.chat.completions.create(model="ok", messages=ask, stream=True)) == "0 1 2 3 4 "
    assert metric(secured, "gw_upstream_http2_connections") == 1


def test_events_arrive_as_they_are_sent(through, ask):
    arrivals = [time.monotonic() for _ in through.chat.completions.create(
        model="stream-10-50", messages=ask, stream=True)]
    assert arrivals[-1] - arrivals[0] > 0.3


def test_many_requests_share_a_connection(through, provider, ask):
    before = provider.connections
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        streams = pool.map(lambda _: words(through.chat.completions.create(
            model="stream-5-20", messages=ask, stream=True)), range(128))
        assert set(streams) == {"0 1 2 3 4 "}
    assert provider.connections == before
    assert provider.most > 8


def test_long_bodies_pass_in_both_directions(through, provider):
    question = [{"role": "user", "content": "y" * 3_000_000}]
    answer = through.chat.completions.create(model="big-3000000", messages=question)
    assert len(answer.choices[0].message.content) == 3_000_000
    assert len(provider.requests[-1][1]["messages"][0]["content"]) == 3_000_000


def test_a_client_that_leaves_cancels_its_stream(through, provider, ask):
    before = len(provider.resets)
    with through.chat.completions.create(model="stream-1000-20", messages=ask, stream=True) as stream:
        next(iter(stream))
    for _ in range(200):
        if len(provider.resets) > before:
            break
        time.sleep(0.02)
    assert provider.resets[before:] == [8]
    assert through.chat.completions.create(model="ok", messages=ask).choices


def test_a_refused_request_is_asked_once_more(through, secured, named, ask):
    before = metric(secured, "gw_upstream_retries_total")
    assert through.chat.completions.create(model=named("refuse-once"), messages=ask).choices
    assert metric(secured, "gw_upstream_retries_total") == before + 1


def test_a_stream_that_is_reset_ends_with_an_error(through, ask):
    events = through.chat.completions.create(model="reset", messages=ask, stream=True)
    with pytest.raises(openai.APIError):
        list(events)


def test_a_provider_that_says_goodbye_is_connected_to_anew(through, provider, ask):
    before = provider.connections
    for model in ("goaway", "ok", "ok"):
        assert through.chat.completions.create(model=model, messages=ask).choices
    assert provider.connections >= before + 1
