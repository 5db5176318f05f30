"""The parts every test uses: an issuer, a scripted provider, a gate between them, and the canaries."""

import json
import uuid

import openai
import pytest

from anthropic_upstream import AnthropicUpstream
from canary import Canaries
from gate import Gate
from issuer import Issuer
from scripted import Scripted
from upstream import Upstream


def pytest_collection_modifyitems(items):
    """The canary scan looks at what all others left behind, so it comes last."""
    items.sort(key=lambda item: "canary_scan" in item.nodeid)


@pytest.fixture(scope="session")
def canaries():
    return Canaries()


@pytest.fixture(scope="session")
def outputs(tmp_path_factory):
    """The folder below which everything lies that the program said."""
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="session")
def refusals(outputs):
    """Keeps the bodies and fields of the gate's own errors for the canary scan."""
    file = open(outputs / "refusals.txt", "ab")

    def keep(answer):
        fields = answer.fields if hasattr(answer, "fields") else list(answer.headers.items())
        body = answer.body if hasattr(answer, "body") else answer.content
        file.write(json.dumps(fields).encode() + b"\n" + body + b"\n")
        file.flush()
        return answer

    yield keep
    file.close()


@pytest.fixture(scope="session")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def upstream():
    upstream = Upstream().start()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def scripted():
    scripted = Scripted().start()
    yield scripted
    scripted.stop()


@pytest.fixture(scope="session")
def provider_key(canaries):
    return canaries.plant("provider key")


@pytest.fixture(scope="session")
def prompt(canaries):
    """What the tests ask; must never be seen in a log."""
    return f"Tell me about {canaries.plant('prompt')}"


@pytest.fixture(scope="session")
def configuration(issuer, upstream):
    """The configuration most tests use; a function, so that a test may change its own copy."""

    def make(**changes):
        document = {
            "identity": {"jwt": [{
                "issuer": issuer.url, "jwks": issuer.jwks_url, "audiences": [issuer.audience],
                "algorithms": ["ES256"], "scopes": {"chat": "inference", "models": "inference"},
            }]},
            "providers": {
                "echo": {"kind": "echo"},
                # Its failures are scripted: no reason to leave it alone.
                "local": {"kind": "openai", "base_url": upstream.base_url, "key": "env:LOCAL_KEY",
                          "breaker": {"failures": 0}},
            },
            "models": {
                "mapped": {"provider": "local", "name": "ok.mapped"},
                "echo": {"provider": "echo"},
                "echo-*": {"provider": "echo"},
                "*": {"provider": "local"},
            },
            "limits": {"requests_per_minute": 60000, "burst": 10000, "concurrent": 100, "failures_per_minute": 10000},
            "journal": {"log": "json", "level": "debug"},
        }
        document.update(changes)
        return document

    return make


@pytest.fixture(scope="session")
def start(outputs, provider_key):
    """Starts a gate and waits until it is ready."""
    started = []

    def begin(document, *arguments, **variables):
        folder = outputs / f"gate-{len(Gate.everybody)}"
        gate = Gate(folder, document, {"LOCAL_KEY": provider_key, **variables}, arguments)
        started.append(gate)
        gate.wait_ready()
        return gate

    yield begin
    for gate in started:
        gate.stop()


@pytest.fixture(scope="session")
def gate(start, configuration):
    return start(configuration(listen={"origins": ["https://app.example"]}))


@pytest.fixture(scope="session")
def anthropic_upstream():
    upstream = AnthropicUpstream()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="session")
def anthropic_key(canaries):
    return f"sk-ant-api03-{canaries.plant('anthropic key')}"


@pytest.fixture(scope="session")
def claude_document(configuration, anthropic_upstream, issuer):
    """A gate to a provider of Anthropic's API, whose callers may have tokens, virtual keys or assertions."""
    rule = {
        "issuer": issuer.url, "jwks": issuer.jwks_url, "audiences": ["https://gate.example"],
        "subjects": ["repo:acme/*"], "accounts": ["svac_1"],
    }
    return configuration(
        identity={**configuration()["identity"], "keys": True, "workloads": {"rules": {"fdrl_1": rule}}},
        providers={"claude": {"kind": "anthropic", "base_url": f"{anthropic_upstream.url}/v1",
                              "key": "env:ANTHROPIC_KEY", "breaker": {"failures": 0}}},
        models={"claude-*": {"provider": "claude"}},
    )


@pytest.fixture(scope="session")
def claude_gate(start, claude_document, anthropic_key):
    return start(claude_document, ANTHROPIC_KEY=anthropic_key)


@pytest.fixture(scope="session")
def token(issuer, canaries):
    """A good token. Its claims and its text are canaries."""
    token = issuer.token(sub=canaries.plant("subject"), jti=canaries.plant("token id"), note=canaries.plant("claim"))
    canaries.add("token", token)
    canaries.add("token signature", token.rsplit(".", 1)[1])
    return token


@pytest.fixture(scope="session")
def client(gate, token):
    """The real client, through the gate, without retries of its own."""
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def patient(client):
    """The same client with the retries it has by default."""
    return client.with_options(max_retries=2)


@pytest.fixture
def named():
    """Makes a model name that nobody else uses: named("ok") is "ok.5f3a…"."""
    return lambda script: f"{script}.{uuid.uuid4().hex[:12]}"


@pytest.fixture
def ask(prompt):
    return [{"role": "user", "content": prompt}]
