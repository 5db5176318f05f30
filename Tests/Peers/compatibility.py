"""What each client library gets from each kind of provider, scene by scene.

Run as a program it prints the table, and writes it into docs/compatibility.md with `--write`.
"""

import itertools
import json
import pathlib
import sys
import tempfile

import anthropic
import openai

from scripted import CALLS, HUGE, TEXT, THOUGHT, USAGE, UTF8, Scripted

CLIENTS = ("chat", "responses", "messages")
KINDS = ("openai", "anthropic")
MODES = ("whole", "streamed")
SCENES = ("text", "slow", "utf8", "huge", "parallel", "image", "thinking", "refusal", "cut", "limited", "limited-bare",
          "fail", "overloaded", "page", "malformed", "close")
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
numbers = itertools.count()


class Got:
    """What a client made of an answer."""

    def __init__(self):
        self.text, self.thinking, self.calls, self.stop, self.usage = "", "", [], None, None
        self.status, self.retry_after = None, None


def cases():
    for client, kind, mode, scene in itertools.product(CLIENTS, KINDS, MODES, SCENES):
        if not (scene == "cut" and mode == "whole"):
            yield client, kind, mode, scene


def run(url, token, upstream, client, kind, mode, scene):
    """Returns nothing when all is well, or what is not."""
    model = f"{kind}-{scene}.{next(numbers)}"
    failing = scene in ("cut", "limited", "limited-bare", "fail", "overloaded", "page", "malformed", "close")
    try:
        got = ASK[client](url, token, model, mode == "streamed", scene)
    except Exception as error:  # each library has its own
        if not failing:
            return f"{type(error).__name__}: {error}"[:200]
        return judge_error(client, kind, scene, error)
    if failing:
        return "no error was raised"
    return judge(client, kind, scene, got, upstream, model)


def judge(client, kind, scene, got, upstream, model):
    text = {"utf8": UTF8, "huge": HUGE, "parallel": "", "refusal": "I will not."}.get(scene, TEXT)
    if got.text != text and not (scene == "refusal" and client == "responses"):
        return f"text {got.text[:40]!r}"
    if scene == "parallel" and got.calls != [(name, value) for _, name, value in CALLS]:
        return f"calls {got.calls}"
    if scene == "thinking" and client != "responses" and got.thinking != THOUGHT:
        return f"thinking {got.thinking!r}"
    if scene == "image" and not any(PNG.encode() in request.body for request in upstream.of(model)):
        return "the image did not reach the provider"
    end = {"chat": {"parallel": "tool_calls", "refusal": "content_filter"}, "messages": {"parallel": "tool_use", "refusal": "refusal"},
           "responses": {"refusal": "incomplete"}}[client]
    expected = end.get(scene, {"chat": "stop", "messages": "end_turn", "responses": "completed"}[client])
    if got.stop != expected:
        return f"ended with {got.stop}"
    if got.usage != USAGE:
        return f"usage {got.usage}"
    return None


def judge_error(client, kind, scene, error):
    status = getattr(error, "status_code", None)
    family = anthropic if client == "messages" else openai
    if scene in ("cut", "malformed", "close"):
        return None  # whichever error: nobody takes it for an answer
    if not isinstance(error, family.APIStatusError):
        return f"{type(error).__name__}: {error}"[:200]
    if client == "messages" and error.body.get("type") != "error":
        return f"an error of another shape: {error.body}"
    same = (client == "messages") == (kind == "anthropic")
    expected = {"limited": 429, "limited-bare": 429, "fail": 500, "page": 502,
                "overloaded": 529 if same or client == "messages" else 503}[scene]
    if status != expected:
        return f"status {status}, not {expected}"
    if scene == "limited" and error.response.headers.get("retry-after") != "7":
        return "no retry-after"
    if not (error.response.headers.get("request-id") or error.response.headers.get("x-request-id")):
        return "no request id"
    return None


# ---- clients ---------------------------------------------------------------------------------------------------------


def ask_chat(url, token, model, stream, scene):
    content = "hello"
    if scene == "image":
        content = [{"type": "text", "text": "hello"},
                   {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    more = {}
    if scene == "parallel":
        more["tools"] = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    got = Got()
    with openai.OpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0, timeout=30) as client:
        if not stream:
            whole = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)
            message = whole.choices[0].message
            got.text = message.content or ""
            got.thinking = getattr(message, "reasoning_content", None) or ""
            got.calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
            got.stop = whole.choices[0].finish_reason
            got.usage = (whole.usage.prompt_tokens, whole.usage.completion_tokens)
            return got
        calls = {}
        for chunk in client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}],
                                                    stream=True, stream_options={"include_usage": True}, **more):
            if chunk.usage:
                got.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            for choice in chunk.choices:
                got.text += choice.delta.content or ""
                got.thinking += getattr(choice.delta, "reasoning_content", None) or ""
                got.stop = choice.finish_reason or got.stop
                for call in choice.delta.tool_calls or []:
                    known = calls.setdefault(call.index, ["", ""])
                    known[0] += call.function.name or ""
                    known[1] += call.function.arguments or ""
        got.calls = [(name, json.loads(arguments)) for name, arguments in calls.values()]
        return got


def ask_responses(url, token, model, stream, scene):
    content = "hello"
    if scene == "image":
        content = [{"role": "user", "content": [{"type": "input_text", "text": "hello"}, {
            "type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}]}]
    more = {"store": False}
    if scene == "parallel":
        more["tools"] = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]
    with openai.OpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0, timeout=30) as client:
        if not stream:
            return read_response(client.responses.create(model=model, input=content, **more))
        last, seen = None, -1
        for event in client.responses.create(model=model, input=content, stream=True, **more):
            if event.sequence_number <= seen:
                raise ValueError("sequence numbers do not rise")
            seen = event.sequence_number
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                last = event.response
        return read_response(last)


def read_response(response):
    got = Got()
    for item in response.output:
        if item.type == "message":
            got.text += "".join(part.text for part in item.content if part.type == "output_text")
        if item.type == "function_call":
            got.calls.append((item.name, json.loads(item.arguments)))
        if item.type == "reasoning":
            got.thinking += "".join(part.text for part in item.summary)
    got.stop = response.status
    got.usage = (response.usage.input_tokens, response.usage.output_tokens)
    return got


def ask_messages(url, token, model, stream, scene):
    content = "hello"
    if scene == "image":
        content = [{"type": "text", "text": "hello"},
                   {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]
    more = {}
    if scene == "parallel":
        more["tools"] = [{"name": "weather", "input_schema": SCHEMA}]
    got = Got()
    with anthropic.Anthropic(base_url=url, api_key=token, max_retries=0, timeout=30) as client:
        ask = {"model": model, "max_tokens": 256, "messages": [{"role": "user", "content": content}], **more}
        if not stream:
            read_message(client.messages.create(**ask), got)
            return got
        with client.messages.stream(**ask) as events:
            for _ in events:
                pass
            read_message(events.get_final_message(), got)
        return got


def read_message(message, got):
    for block in message.content:
        if block.type == "text":
            got.text += block.text
        if block.type == "thinking":
            got.thinking += block.thinking
        if block.type == "tool_use":
            got.calls.append((block.name, block.input))
    got.stop = message.stop_reason
    got.usage = (message.usage.input_tokens, message.usage.output_tokens)


ASK = {"chat": ask_chat, "responses": ask_responses, "messages": ask_messages}


# ---- the table -------------------------------------------------------------------------------------------------------


def configuration(upstream):
    """Two kinds of provider at one address, their failures no reason to leave them alone."""
    common = {"base_url": upstream.base_url, "key": "env:LOCAL_KEY", "breaker": {"failures": 0}}
    return {
        "providers": {"openai": {"kind": "openai", **common}, "anthropic": {"kind": "anthropic", **common}},
        "models": {"openai-*": {"provider": "openai"}, "anthropic-*": {"provider": "anthropic"}},
        "limits": {"requests_per_minute": 0, "burst": 10, "concurrent": 100, "failures_per_minute": 0},
        "journal": {"log": "json", "level": "debug"},
    }


def table(results):
    lines = ["| scene | " + " | ".join(f"{client} → {kind}" for client in CLIENTS for kind in KINDS) + " |",
             "| --- |" + " --- |" * len(CLIENTS) * len(KINDS)]
    for scene in SCENES:
        cells = []
        for client, kind in itertools.product(CLIENTS, KINDS):
            words = []
            for mode in MODES:
                if (client, kind, mode, scene) in results:
                    words.append(mode if results[client, kind, mode, scene] is None else f"**{mode} fails**")
            cells.append(", ".join(words))
        lines.append(f"| {scene} | " + " | ".join(cells) + " |")
    good = sum(result is None for result in results.values())
    return good, "\n".join(lines)


def main():
    from gate import Gate
    from issuer import Issuer

    issuer, upstream = Issuer(), Scripted().start()
    document = configuration(upstream)
    document["identity"] = {"jwt": [{"issuer": issuer.url, "jwks": issuer.jwks_url, "audiences": [issuer.audience]}]}
    gate = Gate(tempfile.mkdtemp(), document, {"LOCAL_KEY": "sk-scripted"})
    gate.wait_ready()
    url, token = f"http://127.0.0.1:{gate.port}", issuer.token(sub="compatibility")
    results = {case: run(url, token, upstream, *case) for case in cases()}
    gate.stop()
    issuer.stop()
    for case, result in results.items():
        if result:
            print(" ".join(case), "-", result, file=sys.stderr)
    good, lines = table(results)
    sentence = f"{good} of {len(results)} pass, with openai {openai.__version__} and anthropic {anthropic.__version__}."
    print(lines, sentence, sep="\n\n")
    if "--write" in sys.argv:
        page = pathlib.Path(__file__).resolve().parents[2] / "docs/compatibility.md"
        head = page.read_text().split("<!-- table -->")[0]
        page.write_text(f"{head}<!-- table -->\n\n{lines}\n\n{sentence}\n")
    sys.exit(good != len(results))


if __name__ == "__main__":
    main()
