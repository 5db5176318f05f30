"""What reaches the provider: its own key, never the caller's credential."""

import json
import time

import raw


def mirrored(client, ask, named, **options):
    answer = client.chat.completions.create(model=named("mirror"), messages=ask, **options)
    return json.loads(answer.choices[0].message.content)


def test_the_key_is_swapped(client, ask, named, provider_key):
    fields = [(name.lower(), value) for name, value in mirrored(client, ask, named)["fields"]]
    assert [value for name, value in fields if name == "authorization"] == [f"Bearer {provider_key}"]


def test_no_byte_of_the_callers_token_goes_upstream(client, ask, upstream, token):
    client.chat.completions.create(model="ok", messages=ask, extra_headers={
        "X-Api-Key": token, "Cookie": f"session={token}", "Proxy-Authorization": f"Bearer {token}"})
    received = upstream.bytes_received()
    assert token.encode() not in received
    assert token.rsplit(".", 1)[1].encode() not in received


def test_only_known_fields_go_upstream(client, ask, named):
    sent = {"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1.2.3.4", "X-Tinfoil-Enclave-Url": "http://127.0.0.1:1",
            "X-Gate-Identity": "admin", "X-Custom": "x", "Accept-Encoding": "gzip", "OpenAI-Organization": "org-caller"}
    names = {name.lower() for name, _ in mirrored(client, ask, named, extra_headers=sent)["fields"]}
    assert names.isdisjoint(name.lower() for name in sent if name != "Accept-Encoding")
    assert {"host", "authorization", "content-type"} <= names


def test_the_body_chooses_a_model_and_nothing_else(client, ask, upstream, named):
    """SEC-501: no address, key or header from a body reaches the dialler."""
    model = named("mirror")
    body = {"api_base": "http://127.0.0.1:1", "base_url": "http://127.0.0.1:1", "custom_host": "http://127.0.0.1:1",
            "extra_headers": {"Authorization": "Bearer x"}, "user_config": {"api_base": "http://127.0.0.1:1"}}
    client.chat.completions.create(model=model, messages=ask, extra_body=body)
    assert len(upstream.of(model)) == 1


def test_the_query_is_kept(gate, token, upstream, named, prompt, canaries):
    model, word = named("ok"), canaries.plant("query")
    document = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    answer = raw.ask(gate.port, "POST", f"/v1/chat/completions?note={word}", [("Authorization", f"Bearer {token}")], document)
    assert answer.status == 200
    assert upstream.of(model)[0].target == f"/v1/chat/completions?note={word}"


def test_every_answer_has_an_id_and_the_log_knows_it(gate, client, ask):
    answer = client.chat.completions.with_raw_response.create(model="ok", messages=ask)
    name = answer.headers["X-Request-Id"]
    assert name.startswith("req_") and answer.headers["X-Protocol-Version"] == "1"
    for _ in range(100):
        lines = [line for line in gate.log if name in json.dumps(line)]
        if lines:
            break
        time.sleep(0.02)
    assert len(lines) == 1 and lines[0]["status"] == 200


def test_hostile_fields_do_not_break_log_lines(gate, issuer):
    raw.ask(gate.port, "GET", "/v1/models?a=%0d%0a{\"level\":\"error\"}", [
        ("User-Agent", "\x1b[31mred \u2028\"}".encode("utf-8").decode("latin-1")), ("Authorization", "Bearer \"x\\")])
    text = gate.said
    assert "\x1b" not in text
    for line in text.splitlines():
        if line.startswith("{"):
            assert isinstance(json.loads(line), dict)
