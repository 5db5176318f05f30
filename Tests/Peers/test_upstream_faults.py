"""A provider that fails, breaks off or talks nonsense."""

import json
import time

import openai
import pytest

import raw


def test_errors_of_the_provider_pass_through(client, ask, named):
    for status, kind in ((500, openai.InternalServerError), (503, openai.InternalServerError),
                         (400, openai.BadRequestError), (422, openai.UnprocessableEntityError)):
        with pytest.raises(kind) as caught:
            client.chat.completions.create(model=named(f"fail-{status}"), messages=ask)
        assert caught.value.code == f"scripted_{status}"
        assert caught.value.status_code == status


def test_the_client_repeats_after_a_500(patient, ask, upstream, named):
    model = named("fail-500")
    with pytest.raises(openai.InternalServerError):
        patient.chat.completions.create(model=model, messages=ask)
    # The gate does not repeat a POST on its own; three are the client's.
    assert len(upstream.of(model)) == 3


def test_the_client_honours_retry_after_of_the_provider(patient, ask, upstream, named):
    model = named("busy-once")
    begin = time.monotonic()
    assert patient.chat.completions.create(model=model, messages=ask).choices[0].finish_reason == "stop"
    assert time.monotonic() - begin >= 0.9
    first, second = upstream.of(model)
    assert second.at - first.at >= 0.9


@pytest.mark.parametrize("script", ["cut-chunked", "cut-reset", "cut-inside", "cut-line"])
def test_a_cut_stream_is_an_error(client, ask, named, script):
    """SEC-505: the official client raises the error that the gate puts behind the last whole event."""
    seen = []
    with pytest.raises(openai.APIError) as caught:
        for event in client.chat.completions.create(model=named(script), messages=ask, stream=True):
            seen.append(event.choices[0].delta.content)
    assert seen == ["one ", "two ", "three "][:len(seen)]
    if script != "cut-reset":  # a reset may overtake what went before
        assert seen == ["one ", "two ", "three "]
        assert (caught.value.code, caught.value.message) == ("upstream_cut", "The provider broke its answer off")


@pytest.mark.parametrize("script", ["cut-chunked", "cut-inside"])
def test_a_cut_stream_of_responses_is_an_error(client, prompt, named, script):
    """SEC-505: in the words of the Responses API."""
    seen = []
    with pytest.raises(openai.APIError) as caught:
        for event in client.responses.create(model=named(script), input=prompt, stream=True):
            seen.append(event.type)
    assert seen == ["response.created", "response.output_text.delta"]
    assert caught.value.code == "upstream_cut"


def test_an_error_event_reaches_clients_that_read_lines(gate, token, named, prompt):
    """SEC-505: whoever reads the stream by hand finds an error event at its end, and no end of the chunks behind it."""
    document = {"model": named("cut-inside"), "stream": True, "messages": [{"role": "user", "content": prompt}]}
    with raw.Wire(gate.port) as wire:
        wire.send(raw.post("/v1/chat/completions", token, document))
        data, _ = wire.read_to_end()
    body = data.partition(b"\r\n\r\n")[2]
    assert b'"content": "three "' in body and b'"content": "fou' not in body
    assert b'data: {"error":{"message":"The provider broke its answer off"' in body
    assert not body.endswith(b"0\r\n\r\n") and b"[DONE]" not in body


def test_returns_inside_of_a_stream_start_no_event(client, gate, token, named, prompt):
    """SEC-507: what readers could divide differently is written anew, with LF alone."""
    document = {"model": named("returns"), "stream": True, "messages": [{"role": "user", "content": prompt}]}
    answer = raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document)
    assert answer.status == 200
    assert b"\r" not in answer.body and b"\0" not in answer.body
    lines = answer.body.decode().split("\n")
    assert all(line == "" or line.startswith(("data:", ":")) for line in lines)


def test_an_endless_line_is_cut(gate, token, named, prompt):
    """SEC-507: a line has its bound, and so has the memory."""
    document = {"model": named("endless"), "stream": True, "messages": [{"role": "user", "content": prompt}]}
    memory = gate.memory_kib()
    with raw.Wire(gate.port) as wire:
        wire.send(raw.post("/v1/chat/completions", token, document))
        data, _ = wire.read_to_end()
    assert b"upstream_protocol_error" in data and len(data) < 4096
    assert gate.memory_kib() - memory < 32 * 1024


def test_a_provider_that_fails_is_left_alone(start, configuration, upstream, token, ask, named):
    """SEC-702: after some failures calls fail at once, and come back when the provider does."""
    local = {"kind": "openai", "base_url": upstream.base_url, "key": "env:LOCAL_KEY", "breaker": {"failures": 3, "open": "1s"}}
    gate = start(configuration(providers={"local": local}, models={"*": {"provider": "local"}}))
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
        for _ in range(3):
            with pytest.raises(openai.InternalServerError) as caught:
                client.chat.completions.create(model=named("fail-503"), messages=ask)
            assert caught.value.status_code == 503
        model = named("ok")
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model=model, messages=ask)
        assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")
        assert caught.value.response.headers["Retry-After"] == "1"
        assert not upstream.of(model)
        time.sleep(1.1)
        assert client.chat.completions.create(model=model, messages=ask).choices[0].finish_reason == "stop"
    # The client waits as it is told and comes back by itself.
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=2, timeout=30) as patient:
        for _ in range(3):
            with pytest.raises(openai.InternalServerError):
                patient.with_options(max_retries=0).chat.completions.create(model=named("fail-503"), messages=ask)
        assert patient.chat.completions.create(model=named("ok"), messages=ask).choices[0].finish_reason == "stop"


def test_a_cut_answer_is_an_error(client, ask, named):
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=named("cut-length"), messages=ask)


@pytest.mark.parametrize("script", ["cut-chunked", "cut-reset", "cut-length"])
def test_a_cut_never_looks_like_an_end(gate, token, named, prompt, script):
    document = {"model": named(script), "stream": script != "cut-length", "messages": [{"role": "user", "content": prompt}]}
    with raw.Wire(gate.port) as wire:
        wire.send(raw.post("/v1/chat/completions", token, document))
        data, reset = wire.read_to_end()
    head, _, body = data.partition(b"\r\n\r\n")
    if b"HTTP/1.1 502" in head:
        return  # noticed before the answer began
    if b"chunked" in head.lower():
        assert not body.endswith(b"0\r\n\r\n") and b"[DONE]" not in body
    else:
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        assert len(body) < length


@pytest.mark.parametrize("model", ["echo-drop-after-3"])
def test_the_built_in_model_can_break_off_too(client, ask, model):
    seen = []
    with pytest.raises(Exception):
        for event in client.chat.completions.create(model=model, messages=ask, stream=True):
            seen.append(event)
    assert len(seen) == 3


def test_the_built_in_model_can_fail(client, ask):
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="echo-fail-503", messages=ask)
    assert caught.value.status_code == 503


def test_the_client_honours_the_built_in_429(client, patient, ask):
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="echo-429-2s", messages=ask)
    assert caught.value.response.headers["Retry-After"] == "2"
    begin = time.monotonic()
    with pytest.raises(openai.RateLimitError):
        client.with_options(max_retries=1).chat.completions.create(model="echo-429-2s", messages=ask)
    assert time.monotonic() - begin >= 1.9


@pytest.mark.parametrize("script, code", [
    ("fail-401", "upstream_auth_failed"), ("fail-403", "upstream_auth_failed"),
    ("redirect", "upstream_protocol_error"), ("garbage", "upstream_protocol_error"), ("close", None),
])
def test_what_the_client_must_not_see(client, ask, named, refusals, script, code):
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=named(script), messages=ask)
    assert caught.value.status_code == 502
    assert caught.value.code == (code or caught.value.code)
    refusals(caught.value.response)


@pytest.mark.parametrize("form", ["whole", "short"])
def test_an_error_does_not_quote_the_key(gate, token, named, prompt, refusals, provider_key, form):
    document = {"model": named(f"quote-429-{form}"), "messages": [{"role": "user", "content": prompt}]}
    answer = refusals(raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document))
    assert answer.status == 429
    hidden = "[redacted]" if form == "whole" else "[redacted]***[redacted]"
    assert answer.json == {"error": {"message": f"no such key: {hidden}", "code": "quoted"}}
    assert answer.value("X-Upstream-Request-Id") == "req_upstream"


def test_an_error_page_becomes_an_error_of_the_api(gate, token, named, prompt, refusals):
    document = {"model": named("quote-500-page"), "messages": [{"role": "user", "content": prompt}]}
    answer = refusals(raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document))
    assert answer.status == 500
    assert answer.value("Content-Type") == "application/json"
    assert (answer.code, answer.json["error"]["message"]) == ("upstream_error", "The provider answered with status 500")


def test_the_provider_is_told_that_a_body_is_json(gate, token, upstream, named, prompt):
    model = named("ok")
    document = json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}]}).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            f"Connection: close\r\nContent-Length: {len(document)}\r\n\r\n")
    with raw.Wire(gate.port) as wire:
        wire.send(head.encode() + document)
        assert wire.read_to_end()[0].startswith(b"HTTP/1.1 200")
    assert upstream.of(model)[0].values("Content-Type") == ["application/json"]


def test_a_provider_that_is_not_there(start, configuration, token, ask, refusals):
    from gate import free_port
    gone = {"kind": "openai", "base_url": f"http://127.0.0.1:{free_port()}/v1", "key": "env:LOCAL_KEY"}
    gate = start(configuration(providers={"local": gone}, models={"*": {"provider": "local"}}))
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model="ok", messages=ask)
    refusals(caught.value.response)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")


def test_a_provider_that_does_not_answer(start, configuration, upstream, token, ask, refusals, named):
    slow = {"kind": "openai", "base_url": upstream.base_url, "key": "env:LOCAL_KEY", "timeouts": {"head": 1}}
    gate = start(configuration(providers={"local": slow}, models={"*": {"provider": "local"}}))
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=20) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(model=named("hang"), messages=ask)
    refusals(caught.value.response)
    assert (caught.value.status_code, caught.value.code) == (504, "upstream_timeout")


def test_bytes_after_an_answer_reach_nobody(client, ask, named):
    for _ in range(5):
        client.chat.completions.create(model=named("extra-bytes"), messages=ask)
        # They come while nobody asks. After the next request has gone out nobody could tell them from its answer.
        time.sleep(0.1)
        answer = client.chat.completions.create(model=named("ok"), messages=ask)
        assert answer.choices[0].message.content == "Hello from the provider"


def test_the_providers_account_stays_hidden(gate, token, prompt):
    document = {"model": "account", "messages": [{"role": "user", "content": prompt}]}
    answer = raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document)
    assert answer.status == 200
    for name in ("Set-Cookie", "openai-organization", "Strict-Transport-Security", "Alt-Svc", "Via"):
        assert not answer.values(name), name
    assert "provider/1" not in str(answer.values("Server"))
    assert answer.value("X-Request-Id") != "req_upstream"
