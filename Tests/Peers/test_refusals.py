"""Who is refused, with which status, code and challenge (RFC 6750 section 3)."""

import base64
import json
import time

import openai
import pytest

import raw

CHAT = "/v1/chat/completions"


@pytest.fixture
def knock(gate, refusals, prompt):
    def knock(*fields, target=CHAT, method="POST", body=True, port=None):
        document = {"model": "ok", "messages": [{"role": "user", "content": prompt}]} if body is True else body
        return refusals(raw.ask(port or gate.port, method, target, fields, document))
    return knock


def bearer(token):
    return ("Authorization", f"Bearer {token}")


def assert_refused(answer, status, code):
    assert (answer.status, answer.code) == (status, code)
    error = answer.json["error"]
    assert set(error) == {"message", "type", "code", "param"} and error["param"] is None and error["message"]
    assert answer.value("Cache-Control") == "no-store"
    assert answer.value("X-Request-Id").startswith("req_")
    assert answer.value("X-Protocol-Version") == "1"
    assert answer.value("Content-Type").startswith("application/json")


def test_no_token(knock):
    answer = knock()
    assert_refused(answer, 401, "missing_token")
    assert answer.value("WWW-Authenticate") == 'Bearer realm="inference"'


def bad_tokens(issuer):
    good = issuer.token()
    head, body, signature = good.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return {
        "garbage": "not-a-token",
        "a stranger's signature": issuer.token(key=issuer.stranger),
        "another audience": issuer.token(aud="elsewhere"),
        "another issuer": issuer.token(iss="https://other.example"),
        "an unknown key": issuer.token(header={"kid": "nobody"}),
        "no algorithm": f"{forged}.{body}.",
        "no expiry": issuer.token(exp=None),
        "a cut signature": good[:-4],
        "padding": good + "=",
        "too large": issuer.token(note="x" * 20_000),
        "not yet": issuer.token(nbf=4_000_000_000),
    }


def test_bad_tokens_all_look_the_same(knock, issuer, upstream):
    before, seen = upstream.count, set()
    for name, token in bad_tokens(issuer).items():
        answer = knock(bearer(token))
        assert_refused(answer, 401, "invalid_token")
        assert answer.value("WWW-Authenticate") == 'Bearer realm="inference", error="invalid_token"', name
        seen.add(answer.body)
    assert len(seen) == 1
    assert upstream.count == before


def test_an_expired_token(knock, issuer):
    past = {"life": -3600, "iat": int(time.time()) - 7200}
    # Whoever cannot sign learns nothing about expiry.
    assert_refused(knock(bearer(issuer.token(key=issuer.stranger, **past))), 401, "invalid_token")
    answer = knock(bearer(issuer.token(**past)))
    assert_refused(answer, 401, "token_expired")
    assert 'error="invalid_token"' in answer.value("WWW-Authenticate")
    assert 'error_description="expired"' in answer.value("WWW-Authenticate")


def test_a_missing_scope(knock, issuer):
    answer = knock(bearer(issuer.token(scope="something else")))
    assert_refused(answer, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in answer.value("WWW-Authenticate")
    assert 'scope="inference"' in answer.value("WWW-Authenticate")


def test_the_client_raises_what_it_should(gate, issuer, ask, refusals):
    cases = [("nonsense", openai.AuthenticationError, "invalid_token"),
             (issuer.token(scope="none"), openai.PermissionDeniedError, "insufficient_scope")]
    for token, kind, code in cases:
        with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
            with pytest.raises(kind) as caught:
                client.chat.completions.create(model="ok", messages=ask)
            refusals(caught.value.response)
            assert caught.value.code == code
            assert caught.value.request_id.startswith("req_")
            with pytest.raises(kind):
                client.chat.completions.create(model="ok", messages=ask, stream=True)


def test_two_authorization_fields(knock, issuer, token, upstream):
    before = upstream.count
    assert_refused(knock(bearer(token), bearer(token)), 400, "invalid_request")
    assert_refused(knock(bearer(token), ("x-api-key", "a.b.c")), 400, "invalid_request")
    other = ("x-api-key", issuer.token(sub="somebody-else"))
    assert_refused(knock(bearer(token), other, ("anthropic-version", "2023-06-01")), 400, "invalid_request")
    assert upstream.count == before


def test_a_token_in_x_api_key(knock, token):
    assert knock(("X-Api-Key", token)).status == 200


def test_never_a_token_from_query_or_cookie(knock, token):
    assert_refused(knock(target=f"{CHAT}?access_token={token}"), 401, "missing_token")
    assert_refused(knock(("Cookie", f"token={token}")), 401, "missing_token")


def test_everything_is_protected_by_default(knock, token):
    for target in ("/metrics", "/v1/files", "/v1/messages/batches", "/admin", "//health", "/./health", "/%68ealth/x"):
        answer = knock(target=target, method="GET", body=None)
        assert answer.status in (400, 401), target
    assert_refused(knock(bearer(token), target="/v1/nothing", method="GET", body=None), 404, "not_found")


def test_the_wrong_method(knock, token):
    assert_refused(knock(method="GET", body=None), 401, "missing_token")
    answer = knock(bearer(token), method="GET", body=None)
    assert_refused(answer, 405, "method_not_allowed")
    assert answer.value("Allow") == "POST"


def test_too_much_body(knock, token):
    answer = knock(bearer(token), ("Content-Length", str(40 << 20)), body=None)
    assert_refused(answer, 413, "body_too_large")


def test_too_large_a_head(knock, token):
    answer = knock(bearer(token), *[(f"X-Field-{n}", "y" * 4000) for n in range(10)])
    assert_refused(answer, 431, "headers_too_large")


def test_a_compressed_body(knock, token):
    assert_refused(knock(bearer(token), ("Content-Encoding", "gzip")), 415, "unsupported_media_type")


def test_protocol_versions(knock, token, upstream):
    assert knock(bearer(token), ("X-Protocol-Version", "1")).status == 200
    assert all(not request.values("X-Protocol-Version") for request in upstream.requests)
    for fields in ([("X-Protocol-Version", "2")], [("X-Protocol-Version", "one")],
                   [("X-Protocol-Version", "1"), ("X-Protocol-Version", "1")]):
        assert_refused(knock(bearer(token), *fields), 400, "unsupported_protocol_version")


def test_ambiguous_framing(gate, token, upstream):
    before = upstream.count
    head = f"POST {CHAT} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {token}\r\n"
    for fields in ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
                   "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding : chunked\r\n"):
        with raw.Wire(gate.port) as wire:
            wire.send(f"{head}{fields}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: gate\r\n\r\n")
            answer, _ = wire.read_to_end()
        assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1 ") == 1, fields
    assert upstream.count == before


def test_an_early_answer_closes_or_drains(gate, token):
    body = b'GET /health HTTP/1.1\r\nHost: smuggled\r\n\r\n' * 10
    with raw.Wire(gate.port) as wire:
        wire.send(f"POST {CHAT} HTTP/1.1\r\nHost: gate\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        wire.send(b"GET /health HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n")
        answer, _ = wire.read_to_end()
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.count(b"HTTP/1.1 200") <= 1


def test_preflight(gate):
    asked = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type")]
    answer = raw.ask(gate.port, "OPTIONS", CHAT, [("Origin", "https://app.example"), *asked])
    assert answer.status in (200, 204)
    assert answer.value("Access-Control-Allow-Origin") == "https://app.example"
    assert "POST" in answer.value("Access-Control-Allow-Methods")
    assert "authorization" in answer.value("Access-Control-Allow-Headers").lower()
    stranger = raw.ask(gate.port, "OPTIONS", CHAT, [("Origin", "https://evil.example"), *asked])
    assert not stranger.values("Access-Control-Allow-Origin")


def test_a_page_from_a_configured_origin_may_read_the_answer(knock, token):
    answer = knock(bearer(token), ("Origin", "https://app.example"))
    assert answer.value("Access-Control-Allow-Origin") == "https://app.example"
    assert not knock(bearer(token), ("Origin", "https://evil.example")).values("Access-Control-Allow-Origin")
