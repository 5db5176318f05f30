"""`ostiary token` as its owner's helper, and what its tokens are worth at a gate that is not in development mode."""

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from gate import binary, environment


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("owner")


@pytest.fixture(scope="module")
def gate(start, configuration, home):
    document = configuration(vault={"backend": "file"})
    document["identity"] = {**document["identity"], "local": True}
    document["admin"] = {"socket": str(home / "admin.sock")}
    return start(document, HOME=str(home))


def run(gate, home, *words):
    return subprocess.run([binary(), "token", *words], capture_output=True, text=True, timeout=30,
                          env=environment(HOME=str(home)), cwd=home)


def chat(gate, token):
    return httpx.post(f"{gate.base_url}/chat/completions", headers={"Authorization": f"Bearer {token}"},
                      json={"model": "echo", "messages": [{"role": "user", "content": "hello"}]})


def test_over_the_socket_file_and_for_the_daemons_token(gate, home):
    for words in (("--config", str(gate.file)), ("--admin", f"unix:{home}/admin.sock"),
                  ("--admin", f"127.0.0.1:{gate.admin}")):
        said = run(gate, home, *words)
        assert said.returncode == 0 and said.stderr == "", said
        assert chat(gate, said.stdout.strip()).status_code == 200
    described = json.loads(run(gate, home, "--config", str(gate.file), "--format", "json").stdout)
    assert 3500 < described["expires_at"] - time.time() <= 3600


def test_nobody_else_is_given_one(gate, home, tmp_path):
    """Without the daemon's token, at the door's address."""
    said = run(gate, tmp_path, "--admin", f"127.0.0.1:{gate.admin}")
    assert said.returncode == 6 and said.stdout == ""
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("ostd_wrong\n")
    assert run(gate, tmp_path, "--admin", f"127.0.0.1:{gate.admin}", "--token-file", str(wrong)).returncode == 6


def test_a_token_ends_with_the_gate_that_gave_it(start, configuration, home, gate, tmp_path):
    old = run(gate, home, "--config", str(gate.file)).stdout.strip()
    document = configuration()
    document["identity"] = {**document["identity"], "local": True}
    other = start(document, HOME=str(tmp_path))
    answer = chat(other, old)
    assert answer.status_code == 401
    # A plain 401, upon which helpers run again.
    assert "x-should-retry" not in answer.headers
    other.stop()


# Rule A4
def test_the_helper_is_back_in_time(gate, home):
    """Each retry of Claude Code's waits for it: less than 100 ms. Of many runs the quickest counts, and of all of them
    the processor's time, so that whatever else this machine does decides nothing."""
    walls, processors = [], []
    for _ in range(25):
        begin = time.monotonic()
        process = subprocess.Popen([binary(), "token", "--for", "claude-code", "--admin", f"unix:{home}/admin.sock"],
                                   stdout=subprocess.DEVNULL, env=environment(HOME=str(home)))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        walls.append(time.monotonic() - begin)
        processors.append(usage.ru_utime + usage.ru_stime)
        assert process.returncode == 0
    print(f"ostiary token: {min(walls) * 1000:.0f} ms at best, {sorted(processors)[12] * 1000:.0f} ms of a processor",
          file=sys.stderr)
    assert min(walls) < 0.1
    assert sorted(processors)[12] < 0.1
