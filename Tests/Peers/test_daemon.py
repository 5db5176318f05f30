"""Every call of the credentials daemon, by a real client: success, and every error that is listed for it."""

import base64
import concurrent.futures
import fcntl
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import stat
import subprocess
import threading
import time

import httpx
import pytest

from gate import binary, environment, free_port


class Judge(http.server.ThreadingHTTPServer):
    """A provider that takes keys that begin with `good`, and is as ill as their ends say."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            key = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            self.server.seen.append((self.path, key))
            status = 200 if key.startswith("good") else 401
            for word, other in (("limited", 429), ("failing", 500), ("odd", 418)):
                if key.endswith(word):
                    status = other
            body = json.dumps({"object": "list", "data": [{"id": "a"}, {"id": "b"}]} if status == 200
                              else {"error": f"the key {key} is not good"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    def handle_error(self, *_):
        """The gate leaves an answer that it has seen enough of."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def judge():
    judge = Judge()
    yield judge
    judge.shutdown()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def vault_gate(start, configuration, judge, home):
    """A gate that makes its own sealed file, as one does that is started for the first time."""
    document = configuration(vault={"backend": "file"}, daemon={"origins": ["https://app.example"]})
    document["admin"] = {"socket": str(home / "admin.sock")}
    document["providers"]["judge"] = {
        "kind": "openai", "base_url": f"http://127.0.0.1:{judge.server_port}/v1", "key": "vault:judge"}
    document["providers"]["nowhere"] = {
        "kind": "openai", "base_url": f"http://127.0.0.1:{free_port()}/v1", "key": "vault:nowhere"}
    document["models"] = {"judged": {"provider": "judge"}, **document["models"]}
    return start(document, HOME=str(home))


@pytest.fixture(scope="module")
def daemon_token(vault_gate, home, canaries):
    file = home / ".ostiary" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text().strip()
    canaries.add("daemon token", token)
    return token


@pytest.fixture(scope="module")
def daemon(vault_gate, daemon_token):
    with httpx.Client(base_url=f"http://127.0.0.1:{vault_gate.admin}", timeout=20,
                      headers={"Authorization": f"Bearer {daemon_token}"}) as client:
        yield client


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert document["error"]["code"] == code
    assert document["detail"] == document["error"]["message"]
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"


def test_health_needs_no_token(vault_gate):
    answer = httpx.get(f"http://127.0.0.1:{vault_gate.admin}/health")
    assert answer.status_code == 200
    document = answer.json()
    assert document["status"] == "ok" and document["checks"] == {"store": "ok"}
    assert isinstance(document["timestamp"], float) and document["version"]


def test_providers_are_listed(daemon):
    document = daemon.get("/providers").json()
    listed = {entry["id"]: entry for entry in document["providers"]}
    assert {"openrouter", "openai", "together", "groq", "xai", "grok", "anthropic", "deepseek", "custom", "judge",
            "local", "echo"} <= set(listed)
    assert listed["openai"]["has_key"] is False and listed["local"]["has_key"] is True
    assert listed["openrouter"]["last_tested"] is None
    assert daemon.get("/secrets/providers").json() == document


def test_a_key_from_its_first_hour_to_its_last(daemon, canaries, judge, vault_gate, token, home):
    key = "good" + canaries.plant("stored key")
    problem(daemon.post("/providers/judge/test"), 409, "no_key")
    problem(daemon.get("/credentials/judge"), 404, "no_key")
    problem(daemon.delete("/credentials/judge"), 404, "no_key")

    first = daemon.post("/credentials/judge", json={"api_key": key, "metadata": {"note": "für mich"}})
    assert first.status_code == 201
    assert first.json()["stored"] is True and first.json()["backend"] == "file"
    again = daemon.put("/credentials/judge", json={"api_key": key, "metadata": {"note": "für mich"}, "validate": True})
    assert again.status_code == 200
    assert again.json()["fingerprint"] == first.json()["fingerprint"]
    assert len(first.json()["fingerprint"]) == 8

    listed = daemon.get("/credentials").json()["credentials"]
    assert [entry["id"] for entry in listed] == ["judge"]
    assert listed[0]["fingerprint"] == first.json()["fingerprint"]

    back = daemon.get("/credentials/judge")
    assert back.json()["api_key"] == key
    assert back.json()["metadata"]["note"] == "für mich" and back.json()["metadata"]["created_at"] > 1e9

    tested = daemon.post("/providers/judge/test").json()
    assert tested["success"] is True and tested["provider_status"] == "OK - 2 models available"
    assert tested["status_code"] == 200 and tested["error_message"] is None and tested["latency_ms"] >= 0
    assert judge.seen[-1] == ("/v1/models", key)
    entry = next(entry for entry in daemon.get("/providers").json()["providers"] if entry["id"] == "judge")
    assert entry["has_key"] and entry["last_tested"] > 1e9 and entry["last_result"]["success"]

    # The running gate lends it, and the next one in its place from the moment it is stored.
    def chat():
        return httpx.post(f"{vault_gate.base_url}/chat/completions", headers={"Authorization": f"Bearer {token}"},
                          json={"model": "judged", "messages": [{"role": "user", "content": "hello"}]})

    assert chat().status_code == 200
    assert judge.seen[-1] == ("/v1/chat/completions", key)
    other = "good" + canaries.plant("second stored key")
    assert daemon.put("/secrets/provider/judge", json={"api_key": other}).status_code == 200
    assert chat().status_code == 200
    assert judge.seen[-1] == ("/v1/chat/completions", other)

    sealed = (home / ".ct_secretsd" / "encrypted.json").read_bytes()
    assert not canaries.found_in(sealed)
    rotated = daemon.post("/admin/rotate")
    assert rotated.json()["rotated"] >= 1 and rotated.json()["generation"] > 1
    assert daemon.get("/credentials/judge").json()["api_key"] == other
    assert (home / ".ct_secretsd" / "encrypted.json").read_bytes() != sealed

    gone = daemon.delete("/credentials/judge")
    assert gone.json()["deleted"] is True and gone.json()["message"]
    assert chat().status_code == 503
    problem(daemon.delete("/secrets/provider/judge"), 404, "no_key")


@pytest.mark.parametrize("end, success, state, status", [
    ("", True, "OK - 2 models available", 200), ("limited", False, "rate limited", 429),
    ("failing", False, "failing", 500), ("odd", False, "unexpected", 418)])
def test_a_provider_is_really_asked(daemon, canaries, end, success, state, status):
    key = "good" + canaries.plant(f"tried key {end}") + end
    answer = daemon.post("/providers/judge/test", json={"api_key": key})
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["provider_status"]) == (success, state)
    assert answer.json()["status_code"] == status
    # The provider repeats the key in its error; nobody sees it.
    assert key not in answer.text


def test_a_bad_key_is_no_error_and_a_provider_that_is_gone_neither(daemon):
    bad = daemon.post("/test/provider/judge", json={"api_key": "bad"}).json()
    assert (bad["success"], bad["status_code"]) == (False, 401)
    gone = daemon.post("/providers/nowhere/test", json={"api_key": "any"}).json()
    assert (gone["success"], gone["provider_status"], gone["status_code"]) == (False, "unreachable", None)
    assert daemon.post("/providers/echo/test").json()["success"] is True


def test_a_key_that_the_provider_does_not_take_is_not_stored_when_asked_so(daemon):
    answer = daemon.post("/credentials/judge", json={"api_key": "bad", "validate": True})
    problem(answer, 502, "validation_failed")
    assert answer.json()["error"]["details"]["status_code"] == 401
    assert daemon.get("/credentials/judge").status_code == 404


@pytest.mark.parametrize("body, status, code", [
    ({"api_key": ""}, 400, "invalid_key"), ({"api_key": "a\nb"}, 400, "invalid_key"),
    ({"api_key": "x" * 8193}, 400, "invalid_key"), ({"api_key": 1}, 422, "invalid_body"), ({}, 422, "invalid_body"),
    ({"api_key": "a", "extra": 1}, 422, "invalid_body"), ([], 422, "invalid_body"),
    ({"api_key": "a", "metadata": "x"}, 422, "invalid_body")])
def test_what_can_be_no_key_is_refused(daemon, body, status, code):
    problem(daemon.post("/credentials/openai", json=body), status, code)
    if code == "invalid_key":
        problem(daemon.post("/providers/openai/test", json=body), status, code)


def test_unknown_providers_paths_and_methods(daemon):
    for method, path in (("POST", "/providers/nobody/test"), ("GET", "/credentials/nobody"),
                         ("DELETE", "/credentials/nobody")):
        problem(daemon.request(method, path), 404, "unknown_provider")
    problem(daemon.post("/credentials/nobody", json={"api_key": "a"}), 404, "unknown_provider")
    problem(daemon.get("/nothing"), 404, "not_found")
    answer = daemon.patch("/credentials/openai")
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "PUT", "DELETE"}
    problem(daemon.post("/credentials/openai", content=b"{}", headers={"Content-Type": "text/plain"}), 415,
            "unsupported_media_type")
    problem(daemon.post("/credentials/openai", content=b"{" + b" " * 70_000 + b"}",
                        headers={"Content-Type": "application/json"}), 413, "body_too_large")


def test_too_many_tests_of_one_provider(daemon):
    statuses = [daemon.post("/providers/nowhere/test", json={"api_key": "any"}).status_code for _ in range(12)]
    assert statuses[:5] == [200] * 5 and 429 in statuses
    answer = daemon.post("/providers/nowhere/test", json={"api_key": "any"})
    problem(answer, 429, "too_many_tests")
    assert int(answer.headers["retry-after"]) >= 1


def test_who_may_call(daemon, vault_gate, daemon_token):
    base = f"http://127.0.0.1:{vault_gate.admin}"
    for fields in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}):
        problem(daemon.get("/providers", headers=fields), 400, "invalid_request")
    problem(daemon.get("/providers", headers={"Origin": "https://evil.example"}), 403, "origin_not_allowed")
    good = daemon.get("/providers", headers={"Origin": "https://app.example"})
    assert good.headers["access-control-allow-origin"] == "https://app.example"

    seen = [httpx.get(f"{base}/providers", headers=fields) for fields in (
        {}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {daemon_token}x"},
        {"Authorization": f"Basic {daemon_token}"})]
    for answer in seen:
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len({answer.json()["detail"] for answer in seen}) == 1

    # Guessing is slow, and does not lock out who has the token.
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(
            lambda n: httpx.get(f"{base}/providers", headers={"Authorization": f"Bearer guess-{n}"}), range(40)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and {answer.status_code for answer in answers} == {401, 429}
    problem(refused[0], 429, "too_many_failures")
    assert int(refused[0].headers["retry-after"]) >= 1
    assert daemon.get("/providers").status_code == 200


# SEC-405
def test_the_socket_file_is_for_its_owner(vault_gate, home):
    path = home / "admin.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://gate") as client:
        assert client.get("/providers").status_code == 200
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    # Even where somebody opened the file to others.
    folders = [path.parent, *path.parents]
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders if str(folder).startswith("/tmp/")}
    try:
        path.chmod(0o666)
        for folder in modes:
            folder.chmod(modes[folder] | 0o055)
        script = ("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                  "s.sendall(b'GET /health HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
                  "try: print(len(s.recv(100)))\nexcept ConnectionResetError: print(0)\n")
        said = subprocess.run(["/usr/bin/python3", "-c", script, str(path)], user=65534, group=65534, capture_output=True, text=True,
                              cwd="/")
        assert said.stdout.strip() == "0" or "BrokenPipe" in said.stderr, said
    finally:
        path.chmod(0o600)
        for folder, mode in modes.items():
            folder.chmod(mode)


def test_claude_codes_calls(daemon, canaries):
    status = daemon.get("/api/auth/status", params={"provider": "local"}).json()
    assert status["authenticated"] is True and status["source"] == "env" and status["refreshes"] >= 1
    assert daemon.get("/api/auth/status").status_code == 200
    problem(daemon.get("/api/auth/status?provider=nobody"), 404, "unknown_provider")
    assert daemon.post("/api/auth/refresh?provider=local").json()["refreshed"] is True
    problem(daemon.post("/api/auth/refresh?provider=nowhere"), 502, "refresh_failed")
    problem(daemon.post("/api/auth/update-key?provider=local", json={"api_key": "x"}), 409, "key_elsewhere")
    problem(daemon.post("/api/auth/update-key?provider=nowhere", json={"api_key": ""}), 400, "invalid_key")
    key = canaries.plant("updated key")
    answer = daemon.post("/api/auth/update-key?provider=nowhere", json={"api_key": key})
    assert answer.json()["updated"] is True and len(answer.json()["fingerprint"]) == 8
    assert daemon.get("/api/auth/status?provider=nowhere").json()["authenticated"] is True
    assert daemon.post("/api/auth/refresh?provider=nowhere").json()["refreshed"] is True
    assert daemon.delete("/credentials/nowhere").status_code == 200


def test_a_sealed_store_answers_locked_until_it_is_opened(daemon, canaries):
    key = canaries.plant("sealed key")
    assert daemon.post("/credentials/groq", json={"api_key": key}).status_code == 201
    assert daemon.post("/admin/seal").json() == {"sealed": True}
    problem(daemon.get("/credentials/groq"), 423, "locked")
    problem(daemon.post("/credentials/groq", json={"api_key": key}), 423, "locked")
    degraded = daemon.get("/health")
    assert degraded.status_code == 503
    assert degraded.json()["status"] == "degraded" and degraded.json()["checks"] == {"store": "locked"}
    assert daemon.post("/admin/open").json() == {"sealed": False}
    assert daemon.get("/credentials/groq").json()["api_key"] == key


def test_commands_speak_to_the_daemon(vault_gate, home, canaries, daemon):
    def run(*words):
        return subprocess.run([binary(), *words, "--config", str(vault_gate.file)], capture_output=True, text=True,
                              env=environment(HOME=str(home)))

    assert daemon.post("/credentials/judge", json={"api_key": "good-one"}).status_code in (200, 201)
    said = run("vault", "test", "judge")
    assert said.returncode == 0 and said.stdout.startswith("judge takes its key: OK - 2 models available"), said
    assert run("vault", "seal", "--dry-run").stdout == "would seal the store of keys\n"
    assert run("vault", "seal").stdout == "the store of keys is sealed\n"
    assert run("vault", "test", "judge").returncode == 77
    assert run("vault", "open").stdout == "the store of keys is open\n"
    trail = run("vault", "audit", "--json")
    assert trail.returncode == 0, trail
    lines = [json.loads(line) for line in trail.stdout.splitlines()]
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert {"key.store", "key.read", "key.remove", "store.rotate", "store.seal", "store.open"} <= {
        line["action"] for line in lines}
    assert any(line["by"] == "token first" for line in lines) and any(line["by"] == "owner" for line in lines)
    log = home / ".ostiary" / "audit.log"
    text = log.read_text()
    log.write_text(text.replace('"key.read"', '"key.none"', 1))
    broken = run("vault", "audit")
    assert broken.returncode == 65 and "not as it was written" in broken.stderr
    log.write_text(text)
    assert run("vault", "list").stdout.count("\n") == len(daemon.get("/credentials").json()["credentials"])


def test_many_at_once(daemon):
    def turn(number):
        provider = ("openai", "together", "deepseek", "xai")[number % 4]
        stored = daemon.post(f"/credentials/{provider}", json={"api_key": f"key-{number}"})
        return stored.status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(turn, range(40)))
    assert statuses <= {200, 201, 503}, statuses
    assert len(daemon.get("/credentials").json()["credentials"]) >= 4


def hkdf(key, purpose):
    """HKDF-SHA256 without a salt, 32 bytes (RFC 5869)."""
    first = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(first, purpose + b"\x01", hashlib.sha256).digest()


def test_a_token_without_the_scope_stores_keys_and_reads_none(start, configuration, tmp_path, canaries):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    document = configuration(vault={"backend": "file"})
    start(document, HOME=str(home)).stop()
    word = canaries.plant("narrow token")
    folder = home / ".ostiary"
    key = hkdf(bytes.fromhex((folder / "installation.key").read_text().strip()), b"ostiary admin tokens")
    tokens = json.loads((folder / "tokens.json").read_text())
    tokens["tokens"].append({"name": "narrow", "scopes": [], "created_at": 1, "hash": base64.urlsafe_b64encode(
        hmac.new(key, word.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()})
    (folder / "tokens.json").write_text(json.dumps(tokens))
    gate = start(document, HOME=str(home))
    with httpx.Client(base_url=f"http://127.0.0.1:{gate.admin}", timeout=20,
                      headers={"Authorization": f"Bearer {word}"}) as narrow:
        assert narrow.post("/credentials/openai", json={"api_key": "sk-1"}).status_code == 201
        answer = narrow.get("/credentials/openai")
        problem(answer, 403, "insufficient_scope")
        assert 'scope="credentials:read"' in answer.headers["www-authenticate"]
        assert "sk-1" not in answer.text
    gate.stop()


def test_a_refresh_that_takes_longer_than_it_may_is_told_to_the_next_one(start, configuration, tmp_path):
    script = tmp_path / "slow"
    script.write_text("#!/bin/sh\n[ -e $0.first ] || { touch $0.first; echo key-1; exit; }\nsleep 30\n")
    script.chmod(0o700)
    # Read one after the other, a second each.
    slow = {"exec": {"command": [str(script)]}, "timeout": "1s"}
    document = configuration(daemon={"folder": str(tmp_path / "daemon"), "token": "env:ADMIN_TOKEN"})
    document["vault"] = {"backend": "memory"}
    document["providers"]["slow"] = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": [slow] * 3}
    gate = start(document, ADMIN_TOKEN="an-admin-token-of-the-test")
    with httpx.Client(base_url=f"http://127.0.0.1:{gate.admin}", timeout=20,
                      headers={"Authorization": "Bearer an-admin-token-of-the-test"}) as door:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(door.post, "/api/auth/refresh?provider=slow")
            time.sleep(1.6)
            problem(door.post("/api/auth/refresh?provider=slow"), 409, "refresh_running")
            problem(first.result(), 502, "refresh_failed")
        assert door.get("/api/auth/status?provider=slow").json()["source"] == "exec"
    gate.stop()


def test_who_comes_while_the_store_is_held_by_too_many_is_turned_away(daemon, home):
    # Another process writes to the store, and takes its time.
    with open(home / ".ct_secretsd" / "encrypted.json.lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = [pool.submit(daemon.put, "/credentials/together", json={"api_key": f"key-{n}"}) for n in range(40)]
            done, _ = concurrent.futures.wait(answers, timeout=8, return_when=concurrent.futures.FIRST_COMPLETED)
            assert done
            problem(next(iter(done)).result(), 503, "overloaded")
            assert next(iter(done)).result().headers["retry-after"] == "1"
            fcntl.flock(lock, fcntl.LOCK_UN)
            statuses = [answer.result().status_code for answer in answers]
    assert set(statuses) <= {200, 201, 503} and {200, 503} & set(statuses) == {200, 503}, statuses
    assert daemon.put("/credentials/together", json={"api_key": "key"}).status_code == 200


def test_a_store_that_cannot_be_written_says_so_and_changes_nothing(daemon, home):
    assert daemon.put("/credentials/xai", json={"api_key": "before"}).status_code in (200, 201)
    lock = home / ".ct_secretsd" / "encrypted.json.lock"
    kept = lock.with_name("kept")
    lock.rename(kept)
    lock.mkdir()
    try:
        problem(daemon.put("/credentials/xai", json={"api_key": "after"}), 507, "store_failed")
        problem(daemon.delete("/credentials/xai"), 507, "store_failed")
        assert daemon.get("/credentials/xai").json()["api_key"] == "before"
    finally:
        lock.rmdir()
        kept.rename(lock)
    assert daemon.put("/credentials/xai", json={"api_key": "after"}).status_code == 200


def test_a_store_that_was_damaged_is_not_believed(daemon, home):
    file = home / ".ct_secretsd" / "encrypted.json"
    good = file.read_bytes()
    at = good.rindex(b'"ct":"') + 8
    file.write_bytes(good[:at] + (b"A" if good[at:at + 1] != b"A" else b"B") + good[at + 1:])
    try:
        problem(daemon.get("/credentials"), 503, "store_unavailable")
        problem(daemon.put("/credentials/xai", json={"api_key": "x"}), 503, "store_unavailable")
    finally:
        file.write_bytes(good)
    assert daemon.get("/credentials").status_code == 200


def test_nothing_is_done_that_cannot_be_written_to_the_trail(daemon, home):
    log = home / ".ostiary" / "audit.log"
    kept = log.with_name("kept")
    log.rename(kept)
    log.mkdir()
    try:
        problem(daemon.put("/credentials/xai", json={"api_key": "unwritten"}), 507, "audit_failed")
        problem(daemon.get("/credentials/xai"), 507, "audit_failed")
    finally:
        log.rmdir()
        kept.rename(log)
    assert daemon.get("/credentials/xai").json()["api_key"] != "unwritten"


def test_a_gate_without_a_store_says_so(start, configuration):
    gate = start(configuration(daemon={"token": "env:ADMIN_TOKEN"}), ADMIN_TOKEN="an-admin-token-of-the-test")
    with httpx.Client(base_url=f"http://127.0.0.1:{gate.admin}", timeout=20,
                      headers={"Authorization": "Bearer an-admin-token-of-the-test"}) as door:
        problem(door.put("/credentials/openai", json={"api_key": "x"}), 503, "no_store")
        problem(door.get("/credentials"), 503, "no_store")
    gate.stop()


def test_no_secret_in_arguments_or_environment_of_the_gate_or_its_neighbours(vault_gate, canaries):
    # What this module put into its gate is nowhere; what other gates were started with is theirs.
    own = {name for name in canaries.words
           if name in OWN or any(name.startswith(f"{kind} ") for kind in ("tried key",))}
    assert len(own) >= 5
    scanned = 0
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        is_gate = int(folder.name) == vault_gate.process.pid
        for name in ("cmdline", "environ"):
            try:
                data = (folder / name).read_bytes()
            except OSError:
                continue
            scanned += len(data)
            found = [name for name, kind in canaries.found_in(data) if name in own or (is_gate and name == "provider key")]
            assert not found, f"{folder.name} {name}: {found}"
    assert scanned > 0


OWN = {"stored key", "second stored key", "daemon token", "updated key", "sealed key", "narrow token"}
