"""Embeddings, the list of models, and the Responses API."""

import openai
import pytest

import raw


@pytest.mark.parametrize("model", ["echo", "ok"])
def test_embeds(client, prompt, model):
    # The client asks for base64 by itself and unpacks it.
    answer = client.embeddings.create(model=model, input=[prompt, "second"])
    assert [item.index for item in answer.data] == [0, 1]
    assert all(isinstance(value, float) for item in answer.data for value in item.embedding)
    numbers = client.embeddings.create(model=model, input=prompt, encoding_format="float").data[0].embedding
    assert numbers == pytest.approx(answer.data[0].embedding)


def test_the_providers_vector_is_untouched(client, upstream, named, prompt):
    model = named("ok")
    assert client.embeddings.create(model=model, input=prompt).data[0].embedding == [0.5, -1.25, 3.0, 0.0]
    assert upstream.of(model)[0].json["encoding_format"] == "base64"


def test_lists_models(client):
    names = {model.id for model in client.models.list()}
    assert {"echo", "mapped"} <= names
    assert not any("*" in name for name in names)


def test_responses_pass_through(client, upstream, named, prompt):
    model = named("ok")
    answer = client.responses.create(model=model, input=prompt, store=False)
    assert answer.output_text == "Hello from responses" and answer.usage.total_tokens == 15
    assert upstream.of(model)[0].json["store"] is False
    assert upstream.of(model)[0].target == "/v1/responses"


def test_responses_stream_through(client, prompt):
    events = list(client.responses.create(model="ok", input=prompt, stream=True))
    assert [event.sequence_number for event in events] == list(range(5))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hello from responses"
    assert events[-1].type == "response.completed"


def test_health_needs_no_token_and_asks_nobody(gate, upstream):
    before = upstream.count
    answer = raw.ask(gate.port, "GET", "/health")
    assert answer.status == 200 and answer.json["status"] == "ok"
    assert answer.json["protocol_version"] == 1 and answer.json["keys"]["usable"] == 1
    assert raw.ask(gate.port, "HEAD", "/health").body == b""
    assert upstream.count == before


def test_metrics_stand_at_the_admin_door_only(gate, client, ask):
    client.chat.completions.create(model="echo", messages=ask)
    text = gate.metrics()
    assert "gw_requests_total" in text
    assert raw.ask(gate.port, "GET", "/metrics").status == 401


def test_an_unknown_model_is_404(start, configuration, token, ask, refusals):
    gate = start(configuration(models={"only": {"provider": "local", "name": "ok"}}))
    with openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=30) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model="other", messages=ask)
        refusals(caught.value.response)
        assert caught.value.code == "model_not_found"
