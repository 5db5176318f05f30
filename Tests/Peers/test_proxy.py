"""The proxy that the admin door starts, as its callers and its machine see it."""

import http.client
import json
import os
import pathlib
import signal
import socket
import time

import pytest

from gate import free_port


@pytest.fixture(scope="module")
def word(canaries):
    return canaries.plant("admin token")


@pytest.fixture(scope="module")
def desk(start, configuration, word, outputs):
    daemon = {"folder": str(outputs / "proxy-daemon"), "token": "env:ADMIN_TOKEN"}
    return start(configuration(daemon=daemon, vault={"backend": "memory"}), ADMIN_TOKEN=word)


@pytest.fixture
def ask(desk, word):
    def call(method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", desk.admin, timeout=40)
        fields = {"Authorization": f"Bearer {word}"}
        if body is not None:
            fields["Content-Type"] = "application/json"
        link.request(method, path, None if body is None else json.dumps(body), fields)
        answer = link.getresponse()
        document = json.loads(answer.read())
        link.close()
        return answer.status, document

    yield call
    call("POST", "/proxy/stop")


def chat(port, token, model="mapped.own"):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]})
    link.request("POST", "/v1/chat/completions", body,
                 {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = link.getresponse()
    said = answer.read()
    link.close()
    return answer.status, said


def everything_of(process):
    folder = pathlib.Path(f"/proc/{process}")
    return (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def test_it_serves_the_gates_callers_and_nobody_else_and_shows_no_key(ask, desk, token, provider_key, word):
    status, proxy = ask("POST", "/proxy/start", {"provider": "local", "port": 0})
    assert status == 200, proxy
    assert proxy["running"] and proxy["provider"] == "local" and proxy["memory_usage"] > 1 << 20
    assert chat(proxy["port"], token, "ok.proxy")[0] == 200
    assert chat(proxy["port"], "no.such.token")[0] == 401
    # Neither the key nor the admin door's token is where other processes look.
    held = everything_of(proxy["pid"])
    guardian = int(pathlib.Path(f"/proc/{proxy['pid']}/stat").read_text().rsplit(")", 1)[1].split()[1])
    held += everything_of(guardian)
    assert provider_key.encode() not in held and word.encode() not in held
    # The same order changes nothing, another one is refused.
    assert ask("POST", "/proxy/start", {"provider": "local", "port": 0})[1]["pid"] == proxy["pid"]
    status, refusal = ask("POST", "/proxy/start", {"provider": "echo", "port": 0})
    assert (status, refusal["error"]["code"]) == (409, "already_running")
    assert ask("POST", "/proxy/stop") == (200, {"success": True, "stopped": True})
    assert ask("POST", "/proxy/stop") == (200, {"success": True, "stopped": False})
    assert until(lambda: not os.path.exists(f"/proc/{guardian}"))


def test_every_refusal_has_its_code(ask):
    def code(**body):
        status, document = ask("POST", "/proxy/start", body)
        assert document["detail"] == document["error"]["message"]
        return status, document["error"]["code"]

    assert code(provider="nobody", port=0) == (400, "bad_provider")
    assert code(provider="openrouter", port=0) == (400, "no_key")
    assert code(provider="custom", port=0) == (400, "custom_url_missing")
    assert code(provider="local", port=0, custom_url="https://elsewhere.example/v1") == (400, "bad_provider")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert code(provider="local", port=taken.getsockname()[1]) == (409, "port_in_use")
    status, document = ask("GET", "/proxy/status")
    assert status == 200 and document["state"] == "failed" and document["pid"] is None


def test_one_that_is_killed_is_started_again_with_the_reason(ask, token):
    port = free_port()
    first = ask("POST", "/proxy/start", {"provider": "local", "port": port})[1]
    os.kill(first["pid"], signal.SIGKILL)
    assert until(lambda: ask("GET", "/proxy/status")[1]["restarts"] == 1 and ask("GET", "/proxy/status")[1]["running"])
    second = ask("GET", "/proxy/status")[1]
    assert second["pid"] != first["pid"] and second["port"] == port
    assert second["last_exit"]["signal"] == 9
    assert chat(port, token, "ok.proxy")[0] == 200


def test_names_of_claude_stand_for_the_models(ask, token):
    proxy = ask("POST", "/proxy/start", {"provider": "echo", "port": 0, "completion_model": "echo"})[1]
    assert chat(proxy["port"], token, "claude-sonnet-4-5")[0] == 200


def test_it_ends_with_a_gate_that_is_killed(start, configuration, word, outputs):
    gate = start(configuration(daemon={"folder": str(outputs / "killed-daemon"), "token": "env:ADMIN_TOKEN"}),
                 ADMIN_TOKEN=word)
    link = http.client.HTTPConnection("127.0.0.1", gate.admin, timeout=40)
    link.request("POST", "/proxy/start", json.dumps({"provider": "echo", "port": 0}),
                 {"Authorization": f"Bearer {word}", "Content-Type": "application/json"})
    proxy = json.loads(link.getresponse().read())
    link.close()
    assert proxy["running"], proxy
    gate.process.kill()
    gate.process.wait()
    assert until(lambda: not os.path.exists(f"/proc/{proxy['pid']}")), "the proxy outlived its gate"
