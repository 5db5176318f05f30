"""The SDKs of Anthropic and OpenAI sign in by workload identity, as they do it by themselves."""

import time

import anthropic
import openai
import pytest
from anthropic.lib.credentials import WorkloadIdentityCredentials

from anthropic_upstream import WORDS

ORGANIZATION = "11111111-2222-3333-4444-555555555555"
QUESTION = {"model": "claude-x", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def assertion(issuer):
    def make(number, **claims):
        return issuer.token(sub="repo:acme/app", aud="https://gate.example", jti=f"sdk-{number}-{time.time()}", **claims)

    return make


def from_anthropic(url, get_token, **options):
    credentials = WorkloadIdentityCredentials(
        identity_token_provider=get_token, federation_rule_id="fdrl_1", organization_id=ORGANIZATION,
        service_account_id="svac_1", **options)
    return anthropic.Anthropic(base_url=url, credentials=credentials, max_retries=1)


def test_anthropics_sdk_signs_in_and_asks(claude_gate, anthropic_upstream, assertion):
    anthropic_upstream.begin()
    made = []

    def get_token():
        made.append(assertion(len(made)))
        return made[-1]

    with from_anthropic(f"http://127.0.0.1:{claude_gate.port}", get_token) as client:
        for _ in range(2):
            assert client.messages.create(**QUESTION).content[0].text == "".join(WORDS)
        with client.messages.stream(**QUESTION) as stream:
            assert stream.get_final_text() == "".join(WORDS)
    assert len(made) == 1, "one exchange for all of them"
    for word in made:
        assert word.encode() not in anthropic_upstream.everything()


def test_what_is_not_trusted_gets_no_token(claude_gate, anthropic_upstream, issuer):
    anthropic_upstream.begin()
    foreign = issuer.token(sub="repo:evil/app", aud="https://gate.example", jti="evil")
    with from_anthropic(f"http://127.0.0.1:{claude_gate.port}", lambda: foreign) as client:
        with pytest.raises(anthropic.AnthropicError) as refused:
            client.messages.create(**QUESTION)
    assert "invalid_grant" in str(refused.value) + str(getattr(refused.value, "body", ""))
    assert anthropic_upstream.requests == []


def test_openais_sdk_signs_in_and_asks(claude_gate, assertion):
    identity = {
        "identity_provider_id": "fdrl_1", "service_account_id": "svac_1",
        "provider": {"token_type": "jwt", "get_token": lambda: assertion("openai")},
    }
    with openai.OpenAI(base_url=claude_gate.base_url, workload_identity=identity, max_retries=0) as client:
        client._workload_identity_auth.token_exchange_url = f"http://127.0.0.1:{claude_gate.port}/v1/oauth/token"
        assert [model.id for model in client.models.list()] is not None


def test_openais_sdk_hears_why_it_gets_none(claude_gate, issuer):
    identity = {
        "identity_provider_id": "fdrl_1", "service_account_id": "svac_root",
        "provider": {"token_type": "jwt", "get_token": lambda: issuer.token(sub="repo:acme/app", aud="https://gate.example")},
    }
    with openai.OpenAI(base_url=claude_gate.base_url, workload_identity=identity, max_retries=0) as client:
        client._workload_identity_auth.token_exchange_url = f"http://127.0.0.1:{claude_gate.port}/v1/oauth/token"
        with pytest.raises(openai.OAuthError) as refused:
            client.models.list()
    assert refused.value.error == "invalid_grant"
