"""Keys that lie elsewhere: AWS Secrets Manager (moto), OpenBao itself, an authorization server (Authlib), commands and
files. Each gives a key, refuses one, is throttled or gone and comes back; and each rotates its key under the gate while
streams run, without one failed request.
"""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

import raw
from gate import free_port
from load import Load
from upstream import Upstream

TOOLS = pathlib.Path(sys.executable).parent


class Provider(Upstream):
    """Takes one key, or several, and refuses every other."""

    def __init__(self):
        super().__init__()
        self.good = set()
        self.throttled = set()

    async def answer(self, request, reader, writer):
        key = (request.values("Authorization") or [" "])[0].split(" ", 1)[1]
        if key in self.throttled:
            return self.whole(writer, {"error": {"message": "slow down"}}, 429, [("Retry-After", "2")])
        if key not in self.good:
            return self.whole(writer, {"error": {"message": f"Incorrect API key: {key}"}}, 401)
        return await super().answer(request, reader, writer)

    def keys_seen(self):
        with self.lock:
            return [request.values("Authorization")[0].split(" ", 1)[1] for request in self.requests]


@pytest.fixture
def provider():
    provider = Provider().start()
    yield provider
    provider.stop()


@pytest.fixture
def secret(canaries):
    """Makes a key that must be seen by the provider and nobody else."""
    made = []

    def make(name):
        made.append(name)
        return canaries.plant(f"source {name} {len(canaries.words)}")

    return make


@pytest.fixture
def begin(start, configuration, provider):
    """Starts a gate with one provider whose key lies where the test says."""

    def make(key, **variables):
        place = {"keys": key} if isinstance(key, list) else {"key": key}
        return start(configuration(
            providers={"local": {"kind": "openai", "base_url": provider.base_url, "breaker": {"failures": 0}, **place}},
            models={"*": {"provider": "local"}},
            limits={"requests_per_minute": 0, "concurrent": 1000, "failures_per_minute": 0},
        ), **variables)

    return make


def ask(gate, token):
    document = {"model": "ok", "messages": [{"role": "user", "content": "hello"}]}
    return raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document)


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, urllib.error.URLError, EndpointConnectionError):
            if what():
                return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def metric(gate, name):
    return sum(float(line.rsplit(" ", 1)[1]) for line in gate.metrics().splitlines() if line.startswith(name))


def expect_rotation_without_failure(gate, token, provider, rotate, new):
    """Two hundred streams run while the key changes at its source; the provider takes the old one no longer."""
    load = Load(gate.port, token, kept=4, fresh=2, stream=200, models=0, script="stream-10-20")
    until(lambda: load.done["stream"] > 100, 60)
    rotate()
    provider.good = {new}
    done = load.done["stream"]
    until(lambda: load.done["stream"] > done + 400, 60)
    load.finish()
    assert load.failed == []
    assert new in provider.keys_seen()[-50:]


def said_nothing_of(gate, *keys):
    arguments = pathlib.Path(f"/proc/{gate.process.pid}/cmdline").read_bytes()
    for key in keys:
        assert key not in gate.said
        assert key.encode() not in arguments


# ---- files and commands -------------------------------------------------------------------------------------------


def put(path, text):
    """As a good rotation writes: never half a file."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    fresh.rename(path)


def test_a_key_file_is_taken_over_while_streams_run(begin, provider, secret, token, tmp_path):
    old, new = secret("file old"), secret("file new")
    path = tmp_path / "key"
    put(path, old + "\n")
    provider.good = {old}
    gate = begin(f"file:{path}")
    expect_rotation_without_failure(gate, token, provider, lambda: put(path, new + "\n"), new)
    said_nothing_of(gate, old, new)


def test_a_file_that_nobody_asks_with_is_taken_over_too(begin, provider, secret, token, tmp_path):
    old, new = secret("idle old"), secret("idle new")
    path = tmp_path / "key"
    put(path, old)
    provider.good = {old, new}
    gate = begin(f"file:{path}")
    put(path, new)
    until(lambda: metric(gate, "gw_vault_key_changes_total") == 1)
    assert ask(gate, token).status == 200
    assert provider.keys_seen() == [new]


def helper(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return [str(path)]


def test_a_command_gives_the_key_and_its_new_one_while_streams_run(begin, provider, secret, token, tmp_path):
    old, new = secret("exec old"), secret("exec new")
    put(tmp_path / "value", json.dumps({"token": old, "expires_in": 3600}))
    provider.good = {old}
    gate = begin({"exec": {"command": helper(tmp_path / "helper", f"cat {tmp_path}/value")}})
    rotate = lambda: put(tmp_path / "value", json.dumps({"token": new, "expires_in": 3600}))
    expect_rotation_without_failure(gate, token, provider, rotate, new)
    # Everybody was refused at once and one command ran for all of them.
    assert metric(gate, "gw_vault_key_refreshes_total") == 2
    said_nothing_of(gate, old, new)


def test_a_commands_key_is_asked_for_again_before_it_ends(begin, provider, secret, token, tmp_path):
    key = secret("exec short")
    provider.good = {key}
    line = f'echo x >> {tmp_path}/runs; echo \'{{"api_key":"{key}","expires_in":3}}\''
    gate = begin({"exec": {"command": helper(tmp_path / "helper", line)}})
    until(lambda: len((tmp_path / "runs").read_text().split()) >= 3)
    assert ask(gate, token).status == 200


def test_a_command_that_fails_is_told_of_and_its_words_are_cleaned(begin, provider, secret, token, tmp_path):
    key = secret("exec failing")
    gate = begin({"exec": {"command": helper(tmp_path / "helper", f"echo 'locked: {key}' >&2; exit 3")}})
    answer = ask(gate, token)
    assert (answer.status, answer.code) == (503, "credential_unavailable")
    until(lambda: "exited(3): locked: [hidden]" in gate.said)
    said_nothing_of(gate, key)
    helper(tmp_path / "helper", f"echo {key}")
    provider.good = {key}
    until(lambda: ask(gate, token).status == 200)


def test_a_key_that_stays_refused_is_502_and_an_alarm(begin, provider, secret, token, tmp_path):
    key = secret("exec refused")
    gate = begin({"exec": {"command": helper(tmp_path / "helper", f"echo {key}")}})
    for _ in range(3):
        answer = ask(gate, token)
        assert (answer.status, answer.code) == (502, "upstream_auth_failed")
        assert key.encode() not in answer.body
    assert metric(gate, 'gw_vault_keys_by_state{state="refused"}') == 1

    def alarms():
        return [line for line in gate.said.splitlines() if "gives no other" in line]

    until(alarms)
    assert len(alarms()) == 1


def test_of_several_keys_the_throttled_and_the_refused_rest(begin, provider, secret, token):
    names = [f"pool {index}" for index in range(3)]
    keys = [secret(name) for name in names]
    variables = {f"KEY_{index}": key for index, key in enumerate(keys)}
    provider.good = set(keys)
    gate = begin([{"from": f"env:{name}"} for name in variables], **variables)
    for _ in range(30):
        assert ask(gate, token).status == 200
    assert {key: provider.keys_seen().count(key) for key in keys} == dict.fromkeys(keys, 10)
    provider.good.discard(keys[0])
    provider.throttled.add(keys[1])
    for _ in range(30):
        answer = ask(gate, token)
        assert answer.status == 200, answer.body
    seen = provider.keys_seen()
    assert (seen.count(keys[0]), seen.count(keys[2])) == (11, 40)
    provider.throttled.clear()
    until(lambda: ask(gate, token).status == 200 and provider.keys_seen()[-1] == keys[1], 10)


# ---- AWS Secrets Manager ---------------------------------------------------------------------------------------------


class AWS:
    """moto's server, which checks no signature but answers as AWS does."""

    variables = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "eu-central-1"}

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.start()

    def start(self):
        self.process = subprocess.Popen([TOOLS / "moto_server", "-p", str(self.port)], stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "moto.txt", "ab"))
        until(lambda: self.client().list_secrets() is not None, 60)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self):
        return boto3.client("secretsmanager", endpoint_url=self.url, region_name="eu-central-1",
                            aws_access_key_id="testing", aws_secret_access_key="testing")

    def place(self, name, **more):
        return {"aws": {"secret": name, "endpoint": self.url, **more.pop("aws", {})}, "ttl": "1h", **more}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    server = AWS(tmp_path_factory.mktemp("moto"))
    yield server
    server.stop()


def test_aws_rotates_while_streams_run(aws, begin, provider, secret, token):
    old, new = secret("aws old"), secret("aws new")
    aws.client().create_secret(Name="openai", SecretString=json.dumps({"api_key": old}))
    provider.good = {old}
    gate = begin(aws.place("openai", aws={"json_key": "api_key"}), **aws.variables)
    rotate = lambda: aws.client().put_secret_value(SecretId="openai", SecretString=json.dumps({"api_key": new}))
    expect_rotation_without_failure(gate, token, provider, rotate, new)
    said_nothing_of(gate, old, new)
    # The stage before is there as well.
    provider.good = {old}
    before = begin(aws.place("openai", aws={"json_key": "api_key", "version_stage": "AWSPREVIOUS"}), **aws.variables)
    assert ask(before, token).status == 200


def test_a_secret_that_aws_does_not_have_is_said_so(aws, begin, token):
    gate = begin(aws.place("nowhere"), **aws.variables)
    assert ask(gate, token).status == 503
    until(lambda: "AWS secret nowhere is not there" in gate.said)


def test_aws_may_be_gone_and_come_back(aws, begin, provider, secret, token):
    key = secret("aws gone")
    aws.client().create_secret(Name="gone", SecretString=key)
    provider.good = {key}
    gate = begin(aws.place("gone", ttl="1s", max_stale="1h"), **aws.variables)
    assert ask(gate, token).status == 200
    aws.stop()
    try:
        until(lambda: metric(gate, "gw_vault_key_failures_total") >= 1)
        until(lambda: metric(gate, 'gw_vault_keys_by_state{state="stale"}') == 1)
        assert ask(gate, token).status == 200
    finally:
        aws.start()
    # It has forgotten everything, so it has to be told again.
    aws.client().create_secret(Name="gone", SecretString=key)
    until(lambda: metric(gate, 'gw_vault_keys_by_state{state="good"}') == 1, 90)


class Says(http.server.BaseHTTPRequestHandler):
    """Answers what the test has put there, as AWS would."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(time.monotonic())
        status, document = self.server.answer
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def says():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Says)
    server.asked, server.answer = [], (400, {})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.mark.parametrize("name, lasting", [("ThrottlingException", False), ("ExpiredTokenException", False),
                                           ("AccessDeniedException", True), ("DecryptionFailure", True)])
def test_an_error_of_aws_is_asked_about_again_soon_or_late(says, begin, provider, secret, token, name, lasting):
    key = secret(f"aws {name}")
    provider.good = {key}
    says.answer = (400, {"__type": f"com.amazonaws#{name}", "message": "arn:aws:iam::123456789012:user/x"})
    place = {"aws": {"secret": "s", "endpoint": f"http://127.0.0.1:{says.server_port}"}}
    gate = begin(place, **AWS.variables)
    assert ask(gate, token).status == 503
    until(lambda: name in gate.said)
    assert "123456789012" not in gate.said
    if lasting:
        asked = len(says.asked)
        time.sleep(3)
        assert len(says.asked) == asked
    else:
        says.answer = (200, {"SecretString": key})
        until(lambda: ask(gate, token).status == 200)


# ---- OpenBao -----------------------------------------------------------------------------------------------------------


class Bao:
    """A dev server of OpenBao."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [TOOLS / "bao", "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{self.port}",
             "-dev-no-store-token"],
            stdout=open(self.folder / "bao.txt", "ab"), stderr=subprocess.STDOUT, start_new_session=True)
        until(lambda: self.ask("GET", "sys/health") is not None, 60)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, document=None, token="root"):
        request = urllib.request.Request(f"{self.url}/v1/{path}", method=method, headers={"X-Vault-Token": token},
                                         data=None if document is None else json.dumps(document).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
            return json.loads(body) if body else {}

    def put(self, path, key):
        self.ask("POST", f"secret/data/{path}", {"data": {"api_key": key}})

    def policy(self):
        text = 'path "secret/data/*" { capabilities = ["read"] }'
        self.ask("PUT", "sys/policies/acl/gate", {"policy": text})

    def place(self, path, **more):
        login = more.pop("openbao", {"token": "env:BAO_TOKEN"})
        return {"openbao": {"addresses": [self.url], "path": path, **login}, "ttl": "1h", **more}


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("bao"))
    server.policy()
    yield server
    server.stop()


def test_openbao_rotates_while_streams_run(bao, begin, provider, secret, token):
    old, new = secret("bao old"), secret("bao new")
    bao.put("rotating", old)
    provider.good = {old}
    gate = begin(bao.place("rotating"), BAO_TOKEN="root")
    expect_rotation_without_failure(gate, token, provider, lambda: bao.put("rotating", new), new)
    said_nothing_of(gate, old, new)


def test_openbao_lets_in_by_approle_and_again_when_the_token_is_revoked(bao, begin, provider, secret, token):
    key, new = secret("bao approle"), secret("bao approle new")
    bao.put("approle", key)
    bao.ask("POST", "sys/auth/approle", {"type": "approle"})
    bao.ask("POST", "auth/approle/role/gate", {"token_policies": "gate", "token_ttl": "1h"})
    role = bao.ask("GET", "auth/approle/role/gate/role-id")["data"]["role_id"]
    secret_id = bao.ask("POST", "auth/approle/role/gate/secret-id", {})["data"]["secret_id"]
    provider.good = {key}
    login = {"approle": {"role_id": role, "secret_id": "env:SECRET_ID"}}
    gate = begin(bao.place("approle", openbao=login, ttl="2s"), SECRET_ID=secret_id)
    assert ask(gate, token).status == 200
    for accessor in bao.ask("LIST", "auth/token/accessors")["data"]["keys"]:
        found = bao.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor})["data"]
        if found["path"] == "auth/approle/login":
            bao.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    bao.put("approle", new)
    provider.good = {new}
    until(lambda: metric(gate, "gw_vault_key_changes_total") == 1)
    assert ask(gate, token).status == 200
    assert secret_id not in gate.said


def test_openbao_says_what_it_does_not_permit_and_what_it_does_not_have(bao, begin, token):
    weak = bao.ask("POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]["client_token"]
    gate = begin(bao.place("rotating"), BAO_TOKEN=weak)
    assert ask(gate, token).status == 503
    until(lambda: "permission denied; its policy needs read on secret/data/rotating" in gate.said)
    assert weak not in gate.said
    gate = begin(bao.place("nowhere"), BAO_TOKEN="root")
    until(lambda: "openbao key secret/nowhere is not there" in gate.said)


def test_openbao_version_1_and_a_deleted_version(bao, begin, provider, secret, token):
    key = secret("bao v1")
    bao.ask("POST", "sys/mounts/kv1", {"type": "kv", "options": {"version": "1"}})
    bao.ask("POST", "kv1/openai", {"value": key})
    provider.good = {key}
    place = {"openbao": {"addresses": [bao.url], "mount": "kv1", "path": "openai", "field": "value", "kv_version": 1}}
    gate = begin(place, BAO_TOKEN="root")
    assert ask(gate, token).status == 200
    bao.put("deleted", key)
    bao.ask("DELETE", "secret/data/deleted")
    gate = begin(bao.place("deleted"), BAO_TOKEN="root")
    until(lambda: "openbao key secret/deleted is not there" in gate.said)


def test_openbao_may_be_sealed_and_gone_and_come_back(bao, begin, provider, secret, token, tmp_path):
    own = Bao(tmp_path)
    try:
        old, new = secret("bao sealed"), secret("bao back")
        own.put("sealed", old)
        bao.put("sealed", new)
        provider.good = {old, new}
        place = own.place("sealed", ttl="1s")
        place["openbao"]["addresses"].append(bao.url)
        gate = begin(place, BAO_TOKEN="root")
        assert ask(gate, token).status == 200
        assert provider.keys_seen()[-1] == old
        own.ask("PUT", "sys/seal")
        # The second server answers in its place.
        until(lambda: ask(gate, token).status == 200 and provider.keys_seen()[-1] == new)
        own.stop()
        time.sleep(1.5)
        assert ask(gate, token).status == 200
        assert metric(gate, 'gw_vault_keys_by_state{state="good"}') == 1
    finally:
        own.stop()


# ---- an authorization server ------------------------------------------------------------------------------------------


def authorization_server(secrets):
    """The client credentials grant by Authlib. `secrets` says what tokens it gives and how long they hold."""
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import ClientMixin, grants
    from flask import Flask, request

    class Client(ClientMixin):
        def get_client_id(self):
            return "gate"

        def get_default_redirect_uri(self):
            return None

        def get_allowed_scope(self, scope):
            return scope or ""

        def check_redirect_uri(self, uri):
            return False

        def check_client_secret(self, secret):
            return secret == secrets["client_secret"]

        def check_endpoint_auth_method(self, method, endpoint):
            return method == secrets.get("method", "client_secret_basic")

        def check_response_type(self, response_type):
            return False

        def check_grant_type(self, grant_type):
            return grant_type == "client_credentials"

    class Grant(grants.ClientCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    app = Flask("authorization")
    app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda *_, **__: secrets["token"]
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": secrets["life"]}
    server = AuthorizationServer(app, query_client=lambda name: Client() if name == "gate" else None,
                                 save_token=lambda *_: None)
    server.register_grant(Grant)
    asked = []

    @app.post("/token")
    def token():
        asked.append(dict(request.form))
        if secrets.get("status"):
            return "{}", secrets["status"]
        return server.create_token_response()

    return app, asked


@pytest.fixture
def oidc(monkeypatch):
    from werkzeug.serving import make_server

    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    servers = []

    def make(secrets):
        app, asked = authorization_server(secrets)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/token", asked

    yield make
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("method", ["basic", "post"])
def test_an_access_token_is_renewed_while_streams_run(oidc, begin, provider, secret, token, method):
    old, new, word = secret(f"oidc {method} old"), secret(f"oidc {method} new"), secret(f"oidc {method} client")
    secrets = {"client_secret": word, "token": old, "life": 3600, "method": f"client_secret_{method}"}
    url, asked = oidc(secrets)
    provider.good = {old}
    place = {"oidc": {"token_url": url, "client_id": "gate", "client_secret": "env:CLIENT_SECRET", "method": method,
                      "scope": "models"}}
    gate = begin(place, CLIENT_SECRET=word)
    expect_rotation_without_failure(gate, token, provider, lambda: secrets.update(token=new), new)
    assert len(asked) == 2
    assert asked[0]["scope"] == "models"
    said_nothing_of(gate, old, new, word)


def test_an_access_token_is_renewed_before_it_ends(oidc, begin, provider, secret, token):
    key, word = secret("oidc short"), secret("oidc short client")
    url, asked = oidc({"client_secret": word, "token": key, "life": 3})
    provider.good = {key}
    place = {"oidc": {"token_url": url, "client_id": "gate", "client_secret": "env:CLIENT_SECRET"}}
    gate = begin(place, CLIENT_SECRET=word)
    until(lambda: len(asked) >= 3)
    assert ask(gate, token).status == 200


def test_an_authorization_server_that_refuses_or_is_down_is_told_of(oidc, begin, provider, secret, token):
    key, word = secret("oidc wrong"), secret("oidc wrong client")
    secrets = {"client_secret": "another", "token": key, "life": 3600}
    url, _ = oidc(secrets)
    place = {"oidc": {"token_url": url, "client_id": "gate", "client_secret": "env:CLIENT_SECRET"}}
    gate = begin(place, CLIENT_SECRET=word)
    assert ask(gate, token).status == 503
    until(lambda: "invalid_client" in gate.said)
    provider.good = {key}
    secrets.update(client_secret=word, status=503)
    gate = begin(place, CLIENT_SECRET=word)
    assert ask(gate, token).status == 503
    secrets.pop("status")
    until(lambda: ask(gate, token).status == 200)
    said_nothing_of(gate, key, word)
