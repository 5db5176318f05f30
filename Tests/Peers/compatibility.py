"""What each client library gets from each kind of provider, scene by scene.

Run as a program it prints the tables, and writes them into docs/compatibility.md with `--write`; `--alone` leaves the
comparison with LiteLLM out.
"""

import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import anthropic
import openai

from scripted import CALLS, HUGE, TEXT, THOUGHT, USAGE, UTF8, Scripted

CLIENTS = ("chat", "responses", "messages")
KINDS = ("openai", "anthropic")
MODES = ("whole", "streamed")
SCENES = ("text", "slow", "utf8", "huge", "parallel", "image", "thinking", "refusal", "cut", "limited", "limited-bare",
          "fail", "overloaded", "page", "malformed", "garbage", "hang", "close", "refused-key")
FAILING = ("cut", "limited", "limited-bare", "fail", "overloaded", "page", "malformed", "garbage", "hang", "close",
           "refused-key")
# Seconds after which a provider that says nothing has failed.
PATIENCE = 2
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
numbers = itertools.count()


class Got:
    """What a client made of an answer."""

    def __init__(self):
        self.text, self.thinking, self.calls, self.stop, self.usage = "", "", [], None, None
        self.status, self.retry_after = None, None


def cases():
    return itertools.product(CLIENTS, KINDS, MODES, SCENES)


def run(url, token, upstream, client, kind, mode, scene):
    """Returns nothing when all is well, or what is not."""
    model = f"{kind}-{scene}.{next(numbers)}"
    failing = scene in FAILING
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
        # Whichever error, as long as it is one of the library's own, its connection's or its reader's: nobody takes it
        # for an answer. A stream that was cut is one thing, a whole answer that nobody can read another.
        known = isinstance(error, family.APIError) or type(error).__module__.startswith("httpx")
        if known or scene == "malformed" and isinstance(error, json.JSONDecodeError):
            return None
        return f"{type(error).__name__}: {error}"[:200]
    if not isinstance(error, family.APIStatusError):
        return f"{type(error).__name__}: {error}"[:200]
    if client == "messages" and error.body.get("type") != "error":
        return f"an error of another shape: {error.body}"
    same = (client == "messages") == (kind == "anthropic")
    expected = {"limited": 429, "limited-bare": 429, "fail": 500, "page": 502, "garbage": 502, "hang": 504,
                "refused-key": 502, "overloaded": 529 if same or client == "messages" else 503}[scene]
    # Libraries treat these alike, so nobody is judged by them.
    if status != expected and (expected, status) not in ((502, 500), (504, 408), (503, 529)):
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
            if getattr(event, "sequence_number", None) is None:
                raise ValueError("an event without a sequence number")
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
            got.thinking += "".join(part.text for part in item.summary or [])
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
    common = {"base_url": upstream.base_url, "key": "env:LOCAL_KEY", "breaker": {"failures": 0},
              "timeouts": {"head": PATIENCE}}
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
    return "\n".join(lines)


def count(results, client=None, kind=None):
    """How many pass of how many."""
    chosen = [result for case, result in results.items() if client in (None, case[0]) and kind in (None, case[1])]
    return sum(result is None for result in chosen), len(chosen)


# What is missing beside an error of the right class.
SMALL = ("no request id", "no retry-after")


def comparison(ours, theirs, version):
    """What passes here and there, and what does not there."""
    lines = [f"| client → provider | Ostiary | LiteLLM {version} |", "| --- | --- | --- |"]
    for client, kind in itertools.product(CLIENTS, KINDS):
        cells = ["{} of {}".format(*count(results, client, kind)) for results in (ours, theirs)]
        lines.append(f"| {client} → {kind} | " + " | ".join(cells) + " |")
    cells = ["**{} of {}**".format(*count(results)) for results in (ours, theirs)]
    lines.append("| all | " + " | ".join(cells) + " |")
    small = sum(result in SMALL for result in theirs.values())
    lines += ["", f"{small} of LiteLLM's fail for the lack of a request's id or of `retry-after` alone: the error's class is "
              f"right. Without these it passes {count(theirs)[0] + small} of {len(theirs)}."]
    reasons = {}
    for case, result in theirs.items():
        if result:
            reasons.setdefault((case[0], case[1], case[3], result), []).append(case[2])
    lines += ["", "| LiteLLM | scene | what is not as it should be |", "| --- | --- | --- |"]
    for (client, kind, scene, result), modes in reasons.items():
        text = result.replace("|", "/").replace("\n", " ")[:100]
        lines.append(f"| {client} → {kind} | {scene}, {' and '.join(modes)} | {text} |")
    return "\n".join(lines)


# ---- Claude Code itself ----------------------------------------------------------------------------------------------

# What it is asked, and what comes of it. It repeats by itself, so failures come once.
CLAUDE_SCENES = ("text", "slow", "utf8", "huge", "thinking", "round", "context", "once-limited", "once-fail",
                 "once-overloaded", "once-page", "once-malformed", "once-close", "once-cut")


def run_claude_code(url, token, upstream, kind, scene):
    """One conversation with the program itself; returns nothing when all is well, or what is not."""
    from claude_code import ClaudeCode

    model = f"{kind}-{'text' if scene == 'context' else scene}.{next(numbers)}"
    with tempfile.TemporaryDirectory() as folder:
        claude = ClaudeCode(folder, url)
        file = claude.project / "note.txt"
        file.write_text("found-4711\n")
        prompt = {"context": "/context", "round": f"Read the note. READ:{file}"}.get(scene, "say hi")
        try:
            run = claude.run(prompt, "--model", model, ANTHROPIC_AUTH_TOKEN=token, CLAUDE_CODE_MAX_RETRIES="3")
        except subprocess.TimeoutExpired:
            return "it did not come to an end within a minute"
        if run.status:
            return f"ended with status {run.status}: {run.out[-200:]}{run.err[-200:]}"
        if scene == "context":
            return None if "Tokens" in run.text else f"said {run.text[:80]!r}"
        expected = {"utf8": UTF8, "huge": HUGE, "round": "It says found-4711"}.get(scene, TEXT)
        if run.text != expected:
            return f"said {run.text[:80]!r}"
        if scene.startswith("once-") and len(upstream.of(model)) < 2:
            return "it was not asked again"
    return None


def claude_table(results):
    lines = ["| scene | " + " | ".join(f"Claude Code → {kind}" for kind in KINDS) + " |", "| --- |" + " --- |" * len(KINDS)]
    for scene in CLAUDE_SCENES:
        cells = ["yes" if results[kind, scene] is None else f"**no**: {results[kind, scene][:60]}" for kind in KINDS]
        lines.append(f"| {scene} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


# ---- everything in one run -------------------------------------------------------------------------------------------


def compare(upstream, seconds=900):
    """The same cases through LiteLLM: results and version, or nothing and why."""
    import litellm_gate

    if why := litellm_gate.missing():
        return None, why
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        try:
            other = litellm_gate.LiteLLM(folder, upstream)
        except RuntimeError as error:
            return None, str(error)
        try:
            # Its first question of each kind takes up to half a minute, as it reads its own modules then.
            for kind in KINDS:
                run(other.url, litellm_gate.KEY, upstream, "chat", kind, "whole", "text")
            results = {}
            for case in cases():
                if time.monotonic() > end:
                    return None, f"{len(results)} cases took {seconds} s"
                results[case] = run(other.url, litellm_gate.KEY, upstream, *case)
            return results, litellm_gate.version()
        finally:
            other.stop()


def main():
    from gate import Gate
    from issuer import Issuer

    issuer, upstream = Issuer(), Scripted().start()
    document = configuration(upstream)
    document["identity"] = {"jwt": [{"issuer": issuer.url, "jwks": issuer.jwks_url, "audiences": [issuer.audience]}]}
    gate = Gate(tempfile.mkdtemp(), document, {"LOCAL_KEY": "sk-scripted"})
    gate.wait_ready()
    url, token = f"http://127.0.0.1:{gate.port}", issuer.token(sub="compatibility", life=3600)
    results = {case: run(url, token, upstream, *case) for case in cases()}
    claude = {case: run_claude_code(url, token, upstream, *case) for case in itertools.product(KINDS, CLAUDE_SCENES)}
    gate.stop()
    issuer.stop()
    theirs, version = (None, "left out by --alone") if "--alone" in sys.argv else compare(upstream)
    for case, result in [*results.items(), *claude.items()]:
        if result:
            print(" ".join(case), "-", result, file=sys.stderr)
    good, all_cases = count(results)
    good_claude = sum(result is None for result in claude.values())
    parts = [
        table(results),
        f"{good} of {all_cases} pass, with openai {openai.__version__} and anthropic {anthropic.__version__}.",
        "## Claude Code", CLAUDE_WORDS, claude_table(claude), f"{good_claude} of {len(claude)} pass.",
    ]
    if theirs:
        parts += ["## The same through LiteLLM", LITELLM_WORDS, comparison(results, theirs, version)]
    else:
        print(f"=== the comparison with LiteLLM is SKIPPED: {version}", file=sys.stderr)
    print("\n\n".join(parts))
    if "--write" in sys.argv:
        page = pathlib.Path(__file__).resolve().parents[2] / "docs/compatibility.md"
        text = page.read_text()
        # Without a comparison the one of before stays.
        kept = text[text.index("## The same through LiteLLM"):] if not theirs and "## The same" in text else ""
        head = text.split("<!-- table -->")[0]
        page.write_text(f"{head}<!-- table -->\n\n" + "\n\n".join(parts) + "\n" + (f"\n{kept}" if kept else ""))
    sys.exit(good != all_cases or good_claude != len(claude))


CLAUDE_WORDS = """The program itself, with a model of each kind of provider. `round` has it read a file by its own tool, \
`context` is `/context`, which counts tokens 25 times at once; what begins with `once` fails for the first request, and \
the program has to find out of it by itself."""
LITELLM_WORDS = """LiteLLM's gateway from PyPI, with the same clients, the same scripted provider and the same judge, in \
one run. It has its own words for some errors, which is no fault by itself; what counts here is what the client's library \
makes of them: the exception's class by the status, `retry-after`, and the request's id."""

if __name__ == "__main__":
    main()
