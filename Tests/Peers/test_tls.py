"""TLS, HTTP/2 and client certificates, with clients that others wrote."""

import asyncio
import base64
import json
import shutil
import ssl
import subprocess
import time

import httpx
import openai
import pytest
from h2.events import DataReceived, ResponseReceived

from certificates import Authority
from gate import free_port
from http2 import Connection

HTTP2 = pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])


@pytest.fixture(scope="module")
def authority(outputs):
    folder = outputs / "certificates"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture(scope="module")
def secure(start, configuration, authority):
    """A gate with TLS whose clients may show certificates; `tls` is its port with TLS."""
    certificate, key, _ = authority.leaf("server", hosts=["localhost"])
    document = configuration()
    document["identity"]["certificates"] = {"subject_from": "san_uri"}
    port = free_port()
    document["listen"] = {"tls": {
        "address": f"127.0.0.1:{port}", "certificate": certificate, "key": key,
        "client_certificates": {"authorities": authority.file},
    }}
    gate = start(document)
    gate.tls = port
    return gate


@pytest.fixture(scope="module")
def base_url(secure):
    return f"https://localhost:{secure.tls}"


@pytest.fixture
def web(authority, base_url):
    """Makes an HTTP client: web(http2=True, leaf=None)."""
    opened = []

    def make(http2=True, leaf=None):
        context = ssl.create_default_context(cafile=authority.file)
        if leaf:
            context.load_cert_chain(*leaf[:2])
        client = httpx.Client(http1=not http2, http2=http2, verify=context, base_url=base_url, timeout=30)
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def question(ask, model="ok", **more):
    return {"model": model, "messages": ask, **more}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@HTTP2
def test_the_openai_client_asks_and_streams(web, base_url, token, ask, http2):
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key=token, max_retries=0, http_client=web(http2)) as client:
        whole = client.chat.completions.create(model="ok", messages=ask)
        assert whole.choices[0].message.content
        events = list(client.chat.completions.create(model="ok", messages=ask, stream=True))
        words = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
        assert words == whole.choices[0].message.content
        with pytest.raises(openai.NotFoundError):
            client.get("/nothing", cast_to=object)


@HTTP2
def test_speaks_what_the_client_prefers(web, http2):
    answer = web(http2).get("/health")
    assert answer.status_code == 200
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")


def test_events_arrive_as_they_are_sent(web, token, ask, named):
    arrivals = []
    body = question(ask, named("stream-10-50"), stream=True)
    with web().stream("POST", "/v1/chat/completions", headers=bearer(token), json=body) as answer:
        assert answer.http_version == "HTTP/2"
        for _ in answer.iter_lines():
            arrivals.append(time.monotonic())
    assert arrivals[-1] - arrivals[0] > 0.3


@HTTP2
def test_refusals_are_the_same(web, token, http2, refusals):
    client = web(http2)
    for expected, method, path, headers, content in [
        (401, "GET", "/v1/models", {}, None),
        (401, "GET", "/v1/models", bearer("x"), None),
        (404, "GET", "/nothing", bearer(token), None),
        (405, "DELETE", "/health", {}, None),
        (415, "POST", "/v1/chat/completions", {**bearer(token), "Content-Type": "text/plain"}, b"{}"),
        (400, "POST", "/v1/chat/completions", {**bearer(token), "Content-Type": "application/json"}, b"{"),
    ]:
        answer = refusals(client.request(method, path, headers=headers, content=content))
        assert answer.status_code == expected, path
        assert answer.json()["error"]["code"]
        assert answer.headers["x-request-id"].startswith("req_")


def test_many_streams_share_a_connection(authority, base_url, token):
    context = ssl.create_default_context(cafile=authority.file)

    # One thread: the client with threads gives two requests one stream now and then.
    async def ask_all():
        async with httpx.AsyncClient(
            http1=False, http2=True, verify=context, base_url=base_url, timeout=30
        ) as client:
            async def once(number):
                body = question([{"role": "user", "content": f"number {number} " * 2000}], "echo")
                answer = await client.post("/v1/chat/completions", headers=bearer(token), json=body)
                assert answer.status_code == 200
                assert f"number {number} " in answer.json()["choices"][0]["message"]["content"]
                return answer.extensions["stream_id"]

            return await asyncio.gather(*(once(number) for number in range(64)))

    assert len(set(asyncio.run(ask_all()))) > 16


def test_a_body_declared_too_large_is_refused(web, token):
    headers = {**bearer(token), "Content-Type": "application/json", "Content-Length": str(40 << 20)}
    with web().stream("POST", "/v1/chat/completions", headers=headers, content=iter_once(b"{")) as answer:
        assert answer.status_code == 413


def iter_once(piece):
    """A body of which only the beginning ever comes."""
    yield piece


def test_a_stream_that_is_left_ends_at_the_provider(token, ask, authority, secure):
    connection = Connection(secure.tls, authority.file)
    left = connection.post("/v1/chat/completions", bearer(token), question(ask, "stream-1000-20", stream=True))
    connection.until(DataReceived, left)
    connection.leave(left)
    # Others on the connection go on, and the log says who left.
    other = connection.post("/v1/chat/completions", bearer(token), question(ask))
    assert dict(connection.until(ResponseReceived, other).headers)[":status"] == "200"
    for _ in range(200):
        cut = [line for line in secure.log if line.get("cut") == "client" and line.get("status") == 200]
        if cut:
            break
        time.sleep(0.05)
    assert cut
    connection.close()


def test_a_certificate_is_a_caller(web, authority, ask):
    leaf = authority.leaf("caller", uris=["spiffe://example/caller"])
    for http2 in (False, True):
        client = web(http2, leaf)
        answer = client.post("/v1/chat/completions", json=question(ask))
        assert answer.status_code == 200
    nobody = web(True, authority.leaf("nobody")).post("/v1/chat/completions", json=question(ask))
    assert nobody.status_code == 401
    assert nobody.json()["error"]["code"] == "invalid_certificate"


def test_a_bound_token_needs_its_certificate(web, authority, issuer):
    leaf, other = authority.leaf("bound"), authority.leaf("other")
    thumbprint = base64.urlsafe_b64encode(leaf[2]).rstrip(b"=").decode()
    token = issuer.token(sub="bound", cnf={"x5t#S256": thumbprint})
    assert web(True, leaf).get("/v1/models", headers=bearer(token)).status_code == 200
    assert web(True, other).get("/v1/models", headers=bearer(token)).status_code == 401
    assert web(True).get("/v1/models", headers=bearer(token)).status_code == 401


def test_no_old_tls(secure, authority):
    context = ssl.create_default_context(cafile=authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://localhost:{secure.tls}/health", verify=context)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl(base_url, authority, token, ask):
    if "HTTP2" not in subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout:
        pytest.skip("this curl speaks no HTTP/2")
    answer = subprocess.run(
        ["curl", "-sSN", "--http2", "--cacert", authority.file, f"{base_url}/v1/chat/completions",
         "-H", "@-", "-H", "Content-Type: application/json", "-d", json.dumps(question(ask, "echo", stream=True)),
         "-w", "%{http_version} %{http_code}"],
        input=f"Authorization: Bearer {token}", capture_output=True, text=True, timeout=30)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.endswith("2 200")
    assert "data: [DONE]" in answer.stdout


def test_check_reads_the_files(secure, authority, tmp_path):
    from gate import binary, environment

    document = json.loads(secure.file.read_text())
    document["listen"]["tls"]["key"] = authority.leaf("wrong")[1]
    file = tmp_path / "ostiary.yaml"
    file.write_text(json.dumps(document))
    answer = subprocess.run([binary(), "check", str(file)], capture_output=True, text=True,
                            env=environment(LOCAL_KEY="x"))
    assert answer.returncode != 0
    assert "`listen.tls.key` does not belong to the certificate" in answer.stderr
