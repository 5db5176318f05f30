"""Reloading: all of the new configuration or nothing of it, and no request notices (SEC-705)."""

import json
import os
import pty
import signal
import socket
import subprocess
import time

import pytest

import raw
from gate import binary, environment
from load import Load


def command(gate, *arguments):
    """Runs the command beside a gate, in its folder."""
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=30, cwd=gate.folder,
                          env=environment())


def rewrite(gate, change):
    document = json.loads(gate.file.read_text())
    change(document)
    gate.file.write_text(json.dumps(document, indent=2))


def ask(gate, token, model):
    document = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    return raw.ask(gate.port, "POST", "/v1/chat/completions", [("Authorization", f"Bearer {token}")], document)


def generation(gate):
    return json.loads(gate.get("/health", gate.admin)[1])["configuration"]["generation"]


@pytest.fixture
def own(start, configuration):
    """A gate that no other test uses."""
    return start(configuration())


def test_the_command_has_the_file_read_again(own, token):
    assert ask(own, token, "renamed").status == 200
    rewrite(own, lambda document: document["models"].pop("*"))
    done = command(own, "reload", "--config", "ostiary.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "reloaded: generation 2, 1 key changed\n  models.*\n"
    assert ask(own, token, "renamed").status == 404
    assert ask(own, token, "mapped").status == 200
    done = command(own, "reload", "--admin", f"127.0.0.1:{own.admin}", "--json")
    report = json.loads(done.stdout)
    assert (report["outcome"], report["generation"], report["changed"]) == ("applied", 3, [])


def test_a_file_with_faults_changes_nothing_and_is_told_as_by_check(own, token):
    text = own.file.read_text()
    own.file.write_text(text.replace('"failures_per_minute"', '"failures_per_minuet"'))
    done = command(own, "reload", "--config", "ostiary.yaml")
    check = command(own, "check", str(own.file))
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert "failures_per_minuet" in lines[0] and "did you mean" in lines[1]
    assert lines[-1] == "ostiary: error: nothing has changed: the gate goes on with generation 1"
    assert set(lines[:2]) <= set(check.stderr.splitlines())
    assert ask(own, token, "anything").status == 200
    dry = command(own, "reload", "--config", "ostiary.yaml", "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)["outcome"]) == (2, "refused")
    own.file.write_text(text)
    assert command(own, "reload", "--config", "ostiary.yaml", "--dry-run").stdout == "good: 0 keys would change\n"
    assert generation(own) == 1


def test_nobody_there_is_said(own, tmp_path):
    done = command(own, "reload", "--admin", f"unix:{tmp_path}/nobody.sock")
    assert done.returncode == 69
    assert done.stderr.startswith("ostiary: error: no gate answers at unix:")


def test_a_signal_reloads_too(own, token):
    rewrite(own, lambda document: document["limits"].update(burst=7, requests_per_minute=1))
    own.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while generation(own) == 1 and time.monotonic() < end:
        time.sleep(0.02)
    assert generation(own) == 2
    answer = ask(own, token, "anything")
    assert answer.value("X-RateLimit-Limit-Requests") == "1"
    own.file.write_text("nonsense: true\n")
    own.process.send_signal(signal.SIGHUP)
    while "nonsense" not in own.said and time.monotonic() < end:
        time.sleep(0.02)
    line = next(line for line in own.log if "nonsense" in json.dumps(line))
    assert line["level"] == "error"
    assert "ostiary.yaml:1:1: unknown key `nonsense`" in json.dumps(line)
    assert ask(own, token, "anything").status == 200


def test_a_key_in_a_variable_outlives_the_variable(own, client, token, named, provider_key):
    """The variable was blanked at start; a reload that names it again has it from nowhere else."""
    rewrite(own, lambda document: document["providers"]["local"].update(timeouts={"head": 77}))
    assert command(own, "reload", "--config", "ostiary.yaml").returncode == 0
    answer = ask(own, token, named("mirror"))
    fields = json.loads(answer.json["choices"][0]["message"]["content"])["fields"]
    assert ["authorization", f"Bearer {provider_key}"] in [[name.lower(), value] for name, value in fields]
    shown = open(f"/proc/{own.process.pid}/environ", "rb").read() if os.geteuid() == 0 else b""
    assert provider_key.encode() not in shown


def test_a_key_in_a_file_is_read_again(start, configuration, token, named, outputs, canaries):
    path = outputs / "rotating-key"
    first, second = canaries.plant("rotating key 1"), canaries.plant("rotating key 2")
    path.write_text(first)
    path.chmod(0o600)
    document = configuration()
    document["providers"]["local"]["key"] = f"file:{path}"
    gate = start(document)
    for key in (first, second):
        path.write_text(key)
        assert command(gate, "reload", "--config", "ostiary.yaml").returncode == 0
        answer = ask(gate, token, named("mirror"))
        assert f"Bearer {key}" in answer.json["choices"][0]["message"]["content"]
    path.unlink()
    done = command(gate, "reload", "--config", "ostiary.yaml")
    assert done.returncode == 2 and "names a file that does not exist" in done.stderr
    assert ask(gate, token, "anything").status == 200


def test_reloads_under_load_lose_nothing(start, configuration, token, issuer):
    """The short form; Scripts/reload-storm makes a thousand of them."""
    gate = start(configuration())
    fetches = issuer.fetches
    load = Load(gate.port, token)
    load.wait(50)
    for number in range(60):
        rewrite(gate, lambda document: document["limits"].update(concurrent=100 + number % 7))
        if number % 3 == 1:
            rewrite(gate, lambda document: document["identity"]["jwt"][0].update(leeway=number + 1))
        if number % 5 == 2:
            rewrite(gate, lambda document: document["providers"]["local"].update(timeouts={"head": 100 + number}))
        if number % 10 == 9:  # every now and then somebody saves half a file
            good = gate.file.read_text()
            gate.file.write_text(good[:200])
            assert raw.ask(gate.admin, "POST", "/reload", body={}).status == 422
            gate.file.write_text(good)
        answer = raw.ask(gate.admin, "POST", "/reload", body={})
        assert (answer.status, answer.json["outcome"]) == (200, "applied"), answer.body
    load.wait(50)
    failed = load.finish()
    print(load.done, *failed, sep="\n")
    assert failed == []
    assert generation(gate) == 61
    assert issuer.fetches == fetches
    end = time.monotonic() + 10
    while "gw_config_generations_in_use 1\n" not in gate.metrics() and time.monotonic() < end:
        time.sleep(0.05)
    assert "gw_config_generations_in_use 1\n" in gate.metrics()


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told(start, configuration, tmp_path, abstract):
    """sd_notify(3): ready, reloading with the monotonic time, ready again, stopping."""
    name = f"@ostiary-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if abstract else name)
        listening.settimeout(10)
        gate = start(configuration(), NOTIFY_SOCKET=name)
        assert listening.recv(4096) == b"READY=1"
        before = time.monotonic_ns() // 1000
        gate.process.send_signal(signal.SIGHUP)
        state, since = listening.recv(4096).decode().split("\n")
        assert state == "RELOADING=1"
        assert before <= int(since.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        assert listening.recv(4096) == b"READY=1"
        gate.terminate()
        assert listening.recv(4096) == b"STOPPING=1"
        assert gate.process.wait(10) == 0


def test_a_gate_ends_with_its_terminal(configuration, outputs, provider_key):
    """A terminal that goes away says SIGHUP too, and means something else by it."""
    folder = outputs / "terminal"
    folder.mkdir()
    document = configuration(listen={"address": "127.0.0.1:0"}, admin={"address": "127.0.0.1:0"})
    (folder / "ostiary.yaml").write_text(json.dumps(document))
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(binary(), [binary(), "serve", "--config", "ostiary.yaml"], environment(LOCAL_KEY=provider_key))
    said = b""
    while b"the doors are open" not in said:
        said += os.read(terminal, 65536)
    (folder / "stderr.txt").write_bytes(said)
    os.close(terminal)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the gate stayed without its terminal")
