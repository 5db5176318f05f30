"""Claude Code itself through the gate: how it signs in, and what it makes of failures."""

import subprocess
import time

import pytest

import compatibility
from anthropic_upstream import WORDS
from claude_code import ClaudeCode
from gate import binary, environment
from scripted import Scripted

ANSWER = "".join(WORDS)
ORGANIZATION = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def url(claude_gate):
    return f"http://127.0.0.1:{claude_gate.port}"


@pytest.fixture
def claude(tmp_path, url, anthropic_upstream):
    anthropic_upstream.begin()
    return ClaudeCode(tmp_path, url)


def keys(claude_gate, *arguments):
    """`ostiary keys`, as the gate's operator runs it; returns when the gate knows of it."""

    def changes():
        line = next(line for line in claude_gate.metrics().splitlines() if line.startswith("gw_keys_changes_total "))
        return int(line.split()[1])

    before = changes()
    words = [binary(), "keys", *arguments, "--config", str(claude_gate.file)]
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=environment()).stdout.strip()
    wait_for(lambda: changes() > before)
    return said


@pytest.fixture(scope="module")
def virtual_key(claude_gate, canaries):
    key = keys(claude_gate, "add", "claude", "--models", "claude-*")
    canaries.add("virtual key", key)
    return key


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


@pytest.fixture
def clean(anthropic_upstream, claude_gate, anthropic_key):
    """The provider's key reaches the provider alone, and nothing that opens the gate reaches the provider."""

    def check(run, *credentials):
        received = anthropic_upstream.everything()
        assert anthropic_key.encode() in received
        assert anthropic_key not in run.out + run.err + claude_gate.said
        for credential in credentials:
            assert credential.encode() not in received
            assert credential not in claude_gate.said
        for asked in anthropic_upstream.requests:
            assert asked.values("authorization") == []
            assert asked.values("x-api-key") == [anthropic_key]
            assert not any("oauth" in value for value in asked.values("anthropic-beta"))

    return check


# -- signing in


def test_by_its_key_helper(start, claude_document, anthropic_key, anthropic_upstream, tmp_path, clean):
    """`ostiary connect claude-code` sets it up, and `ostiary token` brings the token."""
    gate = start({**claude_document, "identity": {}}, "--dev-mode", ANTHROPIC_KEY=anthropic_key)
    anthropic_upstream.begin()
    url = f"http://127.0.0.1:{gate.port}"
    claude = ClaudeCode(tmp_path, url)
    connect = [binary(), "connect", "claude-code", "--yes", "--url", url, "--admin", f"127.0.0.1:{gate.admin}"]
    subprocess.run(connect, check=True, capture_output=True, env={**environment(), "HOME": str(claude.home)})
    run = claude.run("say hi")
    assert run.status == 0 and run.text == ANSWER, run.err
    clean(run)


def test_by_a_virtual_key(claude, virtual_key, clean):
    for variable in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        run = claude.run("say hi", **{variable: virtual_key})
        assert run.status == 0 and run.text == ANSWER, run.err
        clean(run, virtual_key)


@pytest.mark.parametrize("prefix", ["", "/anthropic"])
def test_by_workload_identity(prefix, claude, url, issuer, anthropic_upstream, clean, tmp_path, claude_gate):
    claude.gate_url = url + prefix
    before = len(claude_gate.log)
    assertion = issuer.token(sub="repo:acme/app:ref:refs/heads/main", aud="https://gate.example", jti=f"cc-{prefix}")
    (tmp_path / "assertion").write_text(assertion)
    run = claude.run(
        "say hi", ANTHROPIC_IDENTITY_TOKEN_FILE=str(tmp_path / "assertion"), ANTHROPIC_FEDERATION_RULE_ID="fdrl_1",
        ANTHROPIC_ORGANIZATION_ID=ORGANIZATION, ANTHROPIC_SERVICE_ACCOUNT_ID="svac_1")
    assert run.status == 0 and run.text == ANSWER, run.err
    clean(run, assertion, assertion.rsplit(".", 1)[1])
    exchanges = [line for line in claude_gate.log[before:] if line.get("route") == "/v1/oauth/token"]
    assert len(exchanges) == 1 and exchanges[0]["status"] == 200


def test_a_key_of_its_own_beside_the_helpers_token_is_no_hindrance(claude, token, clean, tmp_path):
    helper = tmp_path / "helper"
    helper.write_text(f"echo {token}")
    claude.settings(apiKeyHelper=f"sh {helper}")
    run = claude.run("say hi", ANTHROPIC_API_KEY="sk-ant-api03-of-its-own")
    assert run.status == 0 and run.text == ANSWER, run.err
    clean(run, token, "sk-ant-api03-of-its-own")


# -- what is not good


def test_an_expired_token_has_the_helper_run_again(claude, issuer, claude_gate, clean, tmp_path):
    old, fresh = issuer.token(life=-120, iat=int(time.time()) - 600), issuer.token()
    helper = tmp_path / "helper"
    helper.write_text(
        f"cd {tmp_path}; echo run >> runs; if [ $(wc -l < runs) = 1 ]; then echo {old}; else echo {fresh}; fi")
    claude.settings(apiKeyHelper=f"sh {helper}")
    run = claude.run("say hi")
    assert run.status == 0 and run.text == ANSWER, run.err
    assert (tmp_path / "runs").read_text().count("run") == 2
    clean(run, old, fresh)


def test_a_revoked_key_is_refused_once_and_said_so(claude, claude_gate, anthropic_upstream):
    key = keys(claude_gate, "add", "gone")
    keys(claude_gate, "revoke", "gone")
    before = len(claude_gate.log)
    run = claude.run("say hi", ANTHROPIC_API_KEY=key)
    assert run.status != 0 and "401" in run.out
    refused = [line for line in claude_gate.log[before:] if line.get("route") == "/v1/messages"]
    assert [line["status"] for line in refused] == [401] and refused[0]["cause"] == "revoked_key"
    assert anthropic_upstream.requests == []


def test_a_model_that_the_key_is_not_for_is_refused_in_words(claude, claude_gate, anthropic_upstream):
    key = keys(claude_gate, "add", "narrow", "--models", "claude-none")
    run = claude.run("say hi", ANTHROPIC_API_KEY=key)
    assert run.status != 0 and "key narrow is for claude-none" in run.out
    assert anthropic_upstream.requests == []


def test_a_helper_that_prints_nothing_is_named(claude, claude_gate, anthropic_upstream):
    claude.settings(apiKeyHelper="true")
    before = len(claude_gate.log)
    run = claude.run("say hi", CLAUDE_CODE_MAX_RETRIES="1")
    assert run.status != 0 and "apiKeyHelper failed" in run.err
    refused = [line for line in claude_gate.log[before:] if line.get("route") == "/v1/messages"]
    assert {line["cause"] for line in refused} == {"empty_credential"}
    assert anthropic_upstream.requests == []


# -- failures of the provider


@pytest.mark.parametrize("step, requests", [("busy", 2), ("overloaded", 2), ("cut", 2), ("error-event", 2)])
def test_it_recovers(step, requests, claude, virtual_key, anthropic_upstream, clean):
    anthropic_upstream.begin(step)
    run = claude.run("say hi", ANTHROPIC_API_KEY=virtual_key)
    assert run.status == 0 and run.text == ANSWER, run.err
    assert len(anthropic_upstream.of("/messages")) == requests
    clean(run, virtual_key)


# -- counting


def test_context_counts_its_tokens_within_the_limits_that_everybody_has(
        start, claude_document, anthropic_key, anthropic_upstream, token, tmp_path):
    """25 counts at once, and the questions behind them have their whole burst."""
    document = {name: value for name, value in claude_document.items() if name != "limits"}
    gate = start(document, ANTHROPIC_KEY=anthropic_key)
    anthropic_upstream.begin()
    claude = ClaudeCode(tmp_path, f"http://127.0.0.1:{gate.port}")
    for _ in range(2):
        run = claude.run("/context", ANTHROPIC_AUTH_TOKEN=token)
        assert run.status == 0, run.err
    counts = [line for line in gate.log if (line.get("route") or "").endswith("/count_tokens")]
    assert len(counts) == 50 and {line["status"] for line in counts} == {200}
    run = claude.run("say hi", ANTHROPIC_AUTH_TOKEN=token)
    assert run.status == 0 and run.text == ANSWER, run.err
    assert not [line for line in gate.log if line.get("status") == 429]


# -- a provider of another API


def test_a_provider_of_openais_api_gets_what_it_understands_and_nothing_of_the_machine(
        start, configuration, token, tmp_path):
    """A whole round with a tool; the scenes of the matrix are in test_compatibility."""
    scripted = Scripted().start()
    gate = start(configuration(**compatibility.configuration(scripted)))
    claude = ClaudeCode(tmp_path, f"http://127.0.0.1:{gate.port}")
    note = claude.project / "note.txt"
    note.write_text("found-4711\n")
    run = claude.run(f"Read the note. READ:{note}", "--model", "openai-round.1", ANTHROPIC_AUTH_TOKEN=token)
    assert run.status == 0 and run.text == "It says found-4711", run.err
    first, second = scripted.of("openai-round.1")
    assert [request.target for request in (first, second)] == ["/v1/chat/completions"] * 2
    for request in (first, second):
        body = request.json
        assert body["stream"] and body["stream_options"]["include_usage"]
        # R11, and the ids of device and session in the metadata.
        assert b"x-anthropic-billing-header" not in request.body and b"device_id" not in request.body
        assert all(tool["type"] == "function" for tool in body["tools"])
        assert "DeferredToolPlaceholder" not in [tool["function"]["name"] for tool in body["tools"]]
        assert not any(name.lower().startswith(("anthropic", "x-claude", "x-stainless")) for name, _ in request.fields)
    call, result = second.json["messages"][-2:]
    assert call["tool_calls"][0]["function"]["name"] == "Read" and result["role"] == "tool"
    assert result["tool_call_id"] == call["tool_calls"][0]["id"] and "found-4711" in result["content"]
    scripted.stop()
