"""Tool calls, whole and streamed."""

import json

import pytest

TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
BOTH = pytest.mark.parametrize("model", ["echo", "ok"])


@BOTH
def test_calls_a_tool(client, ask, model):
    choice = client.chat.completions.create(model=model, messages=ask, tools=TOOLS, tool_choice="required").choices[0]
    assert choice.finish_reason == "tool_calls"
    call = choice.message.tool_calls[0]
    assert call.id and call.type == "function" and call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments), dict)


@BOTH
def test_streams_a_tool_call(client, ask, model):
    name, arguments, finish = "", "", None
    for event in client.chat.completions.create(model=model, messages=ask, tools=TOOLS, tool_choice="required", stream=True):
        for part in (event.choices[0].delta.tool_calls or []) if event.choices else []:
            assert part.index == 0
            name += part.function.name or ""
            arguments += part.function.arguments or ""
        finish = (event.choices[0].finish_reason if event.choices else None) or finish
    assert name == "weather" and isinstance(json.loads(arguments), dict) and finish == "tool_calls"


def test_the_built_in_model_calls_the_tool_that_the_prompt_names(client):
    messages = [{"role": "user", "content": 'please call weather {"city": "Rome"}'}]
    choice = client.chat.completions.create(model="echo", messages=messages, tools=TOOLS).choices[0]
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"city": "Rome"}


def test_takes_the_tool_result(client, ask):
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = ask + [{"role": "assistant", "content": None, "tool_calls": [call]},
                      {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]
    assert client.chat.completions.create(model="echo", messages=messages).choices[0].finish_reason == "stop"
