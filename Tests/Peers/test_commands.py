"""What a person types."""

import json
import os
import re
import shlex
import signal
import subprocess
import threading
import time

import openai
import pytest

import raw
from gate import binary, environment, free_port


def run(*arguments, timeout=30, **variables):
    return subprocess.run([binary(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, env=environment(**variables))


@pytest.fixture(scope="module")
def up(outputs):
    """`ostiary up` on free ports; the token that it prints is its own, so its output is kept apart."""
    port, admin = free_port(), free_port()
    process = subprocess.Popen([binary(), "up", "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(outputs / "up.txt", "wb"),
                               text=True, env=environment())
    lines = []

    def read():
        for line in process.stdout:
            lines.append(line)

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any("curl" in line for line in lines):
        assert process.poll() is None, (outputs / "up.txt").read_text()
        time.sleep(0.05)
    process.lines, process.port, process.admin, process.log = lines, port, admin, outputs / "up.txt"
    yield process
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 0


def curl_line(text):
    """The command as it would be pasted, continuation lines included."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return next(line.strip() for line in joined.splitlines() if line.strip().startswith("curl"))


def test_up_prints_a_curl_line_that_works(up):
    deadline = time.monotonic() + 5
    while not any("-d " in line for line in up.lines) and time.monotonic() < deadline:
        time.sleep(0.02)
    command = curl_line("".join(up.lines))
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "data: " in done.stdout and "[DONE]" in done.stdout


def test_up_keeps_its_token_out_of_the_log(up):
    words = [word.strip("'\"") for line in up.lines for word in shlex.split(line, posix=False)]
    tokens = set(re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", " ".join(words)))
    assert len(tokens) == 1
    assert tokens.pop() not in up.log.read_text()


def test_up_marks_its_answers(up):
    assert raw.ask(up.port, "GET", "/health").value("X-Dev-Mode") == "1"


def test_up_stays_on_loopback():
    done = run("up", "--listen", "0.0.0.0:0")
    assert done.returncode == 2 and "loopback" in done.stderr


def test_try_streams_an_answer(up):
    done = run("try", "Hello gate", "--model", "echo", "--url", f"http://127.0.0.1:{up.port}",
               "--admin", f"127.0.0.1:{up.admin}")
    assert done.returncode == 0, done.stderr
    assert "Hello gate" in done.stdout


def test_alone_it_helps():
    done = run()
    assert done.returncode == 0
    for verb in ("up", "serve", "check", "try"):
        assert f"ostiary {verb}" in done.stdout
    assert "token" in run("--help").stdout


def test_token_makes_another(up):
    done = run("token", "--subject", "somebody", "--admin", f"127.0.0.1:{up.admin}")
    assert done.returncode == 0, done.stderr
    answer = raw.ask(up.port, "GET", "/v1/models", [("Authorization", f"Bearer {done.stdout.strip()}")])
    assert answer.status == 200 and "echo" in {model["id"] for model in answer.json["data"]}


def test_version():
    assert re.search(r"\d+\.\d+\.\d+", run("version").stdout)


def test_completions():
    for shell in ("bash", "zsh", "fish"):
        done = run("completions", shell)
        assert done.returncode == 0 and "ostiary" in done.stdout


def test_check_prints_the_schema():
    schema = json.loads(run("check", "--schema").stdout)
    assert {"listen", "identity", "providers", "models", "limits", "journal"} <= schema["properties"].keys()


def test_check_names_every_fault_with_its_place(tmp_path):
    file = tmp_path / "ostiary.yaml"
    file.write_text("listen: {adress: 127.0.0.1:8080}\nlimits: {burst: many}\nidentity:\n  jwt:\n    - isuer: x\n")
    done = run("check", str(file))
    assert done.returncode != 0
    for place in ("1:", "2:", "5:"):
        assert f"ostiary.yaml:{place}" in done.stderr
    assert "address" in done.stderr and "issuer" in done.stderr


def test_a_missing_secret_stops_the_start(tmp_path, configuration):
    file = tmp_path / "ostiary.yaml"
    file.write_text(json.dumps(configuration()))
    done = run("serve", "--config", str(file))
    assert done.returncode == 2
    assert "LOCAL_KEY" in done.stderr


def test_the_environment_alone_is_enough(issuer, upstream, ask, outputs, provider_key):

    port = free_port()
    log = open(outputs / "environment.txt", "wb")
    process = subprocess.Popen(
        [binary(), "serve", "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{free_port()}"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        env=environment(JWKS_URL=issuer.jwks_url, ISSUER=issuer.url, AUDIENCES="api", TINFOIL_API_KEY=provider_key,
                        TINFOIL_BASE_URL=upstream.base_url, LOG_FORMAT="json"))
    try:
        with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=issuer.token(), max_retries=4, timeout=30) as client:
            answer = client.chat.completions.create(model="ok", messages=ask)
        assert answer.choices[0].message.content == "Hello from the provider"
    finally:
        process.terminate()
        assert process.wait(15) == 0


def test_faults_of_the_environment_are_reported_together():
    done = run("serve", JWKS_URL="ftp://x", RATE_LIMIT_RPM="-1", IDENTITY_HASH_KEY="zz")
    assert done.returncode == 2
    for name in ("JWKS_URL", "TINFOIL_API_KEY", "RATE_LIMIT_RPM", "IDENTITY_HASH_KEY"):
        assert name in done.stderr, name
    assert "zz" not in done.stderr


def test_starts_fast(start, configuration, record_property):
    gate = start(configuration())
    deadline = time.monotonic() + 5
    while not gate.said.strip() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gate.said.strip(), "a start says where it listens"
    record_property("memory at rest, KiB", gate.memory_kib())
    print(f"memory at rest {gate.memory_kib()} KiB, {gate.descriptors()} descriptors")
