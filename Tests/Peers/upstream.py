"""A provider of our own that does what the model's name says, and remembers every byte it was sent.

The first word of the model's name (up to a dot) is the script; what follows the dot makes the name unique, so that a
test finds its own requests:

    ok                  a whole answer, or a stream of five events when `stream` is set; tools are called when given
    stream-N-MS         a stream of N events, MS milliseconds apart
    fail-STATUS         that status with an error of OpenAI's shape
    quote-STATUS-FORM   that status, with the key that came in quoted: whole, short, or in a long page
    busy-once           429 with Retry-After: 1 the first time, then ok
    cut-chunked         a stream that stops after three events, the connection closed without the last chunk
    cut-length          a whole answer that stops half way
    cut-reset           like cut-chunked, with a reset
    cut-inside          like cut-chunked, in the middle of a fourth event
    cut-line            like cut-inside, behind the end of the event's line
    returns             a stream with CR and NUL where they could be taken for something
    endless             a stream of one line that does not end
    hang                no answer
    close               the connection closed instead of an answer
    garbage             an answer that is not HTTP
    redirect            307 to another port
    mirror              the request's head as the answer's content
    extra-bytes         a whole answer with more bytes after its end
    account             an answer with the headers of a provider's account
    utf8-split          a stream whose events are cut inside of characters

Run as a program it serves until its standard input ends: upstream.py [--port N]
"""

import asyncio
import base64
import itertools
import json
import socket
import struct
import sys
import threading
import time

from loop_thread import LoopThread


class Received:
    """One request as it arrived."""

    def __init__(self, connection, head, body):
        self.connection = connection
        self.head = head
        self.body = body
        self.at = time.monotonic()
        self.closed_at = None
        self.sent_events = 0
        line, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = line.split(" ", 2)
        self.fields = [tuple(part.strip() for part in field.split(":", 1)) for field in fields if field]

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body) if self.body else {}


class Upstream:
    def __init__(self, record=True):
        self.record = record
        self.requests = []
        self.connections = {}
        self.busy = set()
        self.count = 0
        self.ids = itertools.count(1)
        self.port = None
        self.lock = threading.Lock()

    # -- life

    def start(self, port=0):
        self.thread = LoopThread(self.serve, port, limit=1 << 26)
        self.port = self.thread.port
        return self

    def stop(self):
        self.thread.stop()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    # -- what tests ask

    def of(self, model):
        """The requests that named this model, oldest first."""
        with self.lock:
            return [r for r in self.requests if r.body and f'"{model}"'.encode() in r.body]

    def bytes_received(self):
        with self.lock:
            return b"".join(bytes(data) for data in self.connections.values())

    # -- serving

    async def serve(self, reader, writer):
        number = next(self.ids)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = bytearray()
        if self.record:
            self.connections[number] = received
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = Received(number, head[:-4], await self.body(reader, head))
                if self.record:
                    received += head + request.body
                    with self.lock:
                        self.requests.append(request)
                self.count += 1
                if not await self.answer(request, reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def body(self, reader, head):
        lower = head.lower()
        if b"\r\ntransfer-encoding: chunked" in lower:
            whole = b""
            while True:
                size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
                whole += (await reader.readexactly(size + 2))[:-2]
                if size == 0:
                    return whole
        for line in lower.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return await reader.readexactly(int(line.split(b":")[1]))
        return b""

    async def answer(self, request, reader, writer):
        """Answers; false when the connection is not to be used again."""
        path = request.target.split("?")[0]
        if request.method == "GET" and path.endswith("/models"):
            models = [{"id": name, "object": "model", "created": 1, "owned_by": "scripted"} for name in ("ok", "hang")]
            return self.whole(writer, {"object": "list", "data": models})
        asked = request.json
        script, *rest = str(asked.get("model", "ok")).split(".")[0].split("-")
        method = getattr(self, f"play_{script}", None) or self.play_ok
        watch = asyncio.ensure_future(self.watch(request, reader))
        try:
            play = asyncio.ensure_future(method(request, writer, asked, path, rest))
            await asyncio.wait({play, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                play.cancel()
                return False
            return play.result()
        finally:
            watch.cancel()

    async def watch(self, request, reader):
        """Notes when the other side leaves while it is being answered."""
        try:
            while not reader.at_eof() and not reader.exception():
                await asyncio.sleep(0.002)
        finally:
            if reader.at_eof() or reader.exception():
                request.closed_at = time.monotonic()

    # -- answers

    def head(self, writer, status, fields):
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields)]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    def whole(self, writer, document, status=200, fields=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.head(writer, status, [("Content-Type", "application/json"), ("Content-Length", len(body)),
                                   ("x-request-id", "req_upstream"), *fields])
        writer.write(body)
        return True

    def chunk(self, writer, data):
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def stream_head(self, writer):
        self.head(writer, 200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])

    def event(self, request, writer, document, name=None):
        text = f"event: {name}\n" if name else ""
        self.chunk(writer, (text + f"data: {json.dumps(document)}\n\n").encode())
        request.sent_events += 1

    async def end(self, writer, done=True):
        if done:
            self.chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    # -- scripts

    async def play_ok(self, request, writer, asked, path, _):
        if path.endswith("/embeddings"):
            return self.whole(writer, embeddings(asked))
        if path.endswith("/responses"):
            if not asked.get("stream"):
                return self.whole(writer, response(asked, "Hello from responses"))
            self.stream_head(writer)
            for name, document in response_events(asked):
                self.event(request, writer, document, name)
            return await self.end(writer, done=False)
        if path.endswith("/chat/completions") and asked.get("stream"):
            self.stream_head(writer)
            if asked.get("tools"):
                for delta, finish in TOOL_DELTAS:
                    self.event(request, writer, chunk(asked, delta, finish))
            else:
                for word, finish in [("Hello", None), (" from", None), (" the", None), (" provider", None), ("", "stop")]:
                    self.event(request, writer, chunk(asked, {"content": word} if word else {}, finish))
            if (asked.get("stream_options") or {}).get("include_usage"):
                self.event(request, writer, {**chunk(asked, {}, None), "choices": [], "usage": USAGE})
            return await self.end(writer)
        if path.endswith("/chat/completions"):
            if asked.get("tools"):
                message = {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}]}
                return self.whole(writer, completion(asked, message, "tool_calls"))
            return self.whole(writer, completion(asked, {"role": "assistant", "content": "Hello from the provider"}))
        return self.whole(writer, {
            "id": "cmpl-1", "object": "text_completion", "created": 1, "model": asked.get("model"), "usage": USAGE,
            "choices": [{"index": 0, "text": "Hello from completions", "finish_reason": "stop", "logprobs": None}]})

    async def play_stream(self, request, writer, asked, path, numbers):
        count, pause = int(numbers[0]), int(numbers[1]) / 1000
        self.stream_head(writer)
        for index in range(count):
            self.event(request, writer, chunk(asked, {"content": f"word{index} "}, None))
            await writer.drain()
            await asyncio.sleep(pause)
        self.event(request, writer, chunk(asked, {}, "stop"))
        return await self.end(writer)

    async def play_fail(self, request, writer, asked, path, numbers):
        status = int(numbers[0])
        return self.whole(writer, {"error": {
            "message": f"scripted {status}", "type": "scripted_error", "code": f"scripted_{status}", "param": None}}, status)

    async def play_quote(self, request, writer, asked, path, how):
        key = request.values("Authorization")[0].split(" ")[1]
        if how[1] == "page":
            page = b"<html>" + b"x" * 1000 + key.encode() + b"y" * 100_000
            self.head(writer, int(how[0]), [("Content-Type", "text/html"), ("Content-Length", len(page))])
            writer.write(page)
            return True
        quoted = key if how[1] == "whole" else f"{key[:12]}***{key[-9:]}"
        return self.whole(writer, {"error": {"message": f"no such key: {quoted}", "code": "quoted"}}, int(how[0]))

    async def play_busy(self, request, writer, asked, path, rest):
        if asked["model"] in self.busy:
            return await self.play_ok(request, writer, asked, path, rest)
        self.busy.add(asked["model"])
        return self.whole(writer, {"error": {"message": "slow down", "type": "rate_limit", "code": "busy", "param": None}},
                          429, [("Retry-After", "1")])

    async def play_cut(self, request, writer, asked, path, how):
        if how[0] == "length":
            body = json.dumps(completion(asked, {"role": "assistant", "content": "x" * 2000})).encode()
            self.head(writer, 200, [("Content-Type", "application/json"), ("Content-Length", len(body))])
            writer.write(body[:1000])
        elif path.endswith("/responses"):
            self.stream_head(writer)
            for name, document in list(response_events(asked))[:2]:
                self.event(request, writer, document, name)
        else:
            self.stream_head(writer)
            for word in ("one ", "two ", "three "):
                self.event(request, writer, chunk(asked, {"content": word}, None))
        if how[0] in ("inside", "line"):
            text = f"data: {json.dumps(chunk(asked, {'content': 'four'}, None))}\n"
            self.chunk(writer, (text if how[0] == "line" else text[:-20]).encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        if how[0] == "reset":
            link = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        return False

    async def play_returns(self, request, writer, asked, path, _):
        self.stream_head(writer)
        self.chunk(writer, b'data: {"choices":[]}\r\rdata: x\0y\r\r: note\r\revil: 1\r\r')
        return await self.end(writer)

    async def play_endless(self, request, writer, *_):
        self.stream_head(writer)
        self.chunk(writer, b"data: ")
        while True:
            self.chunk(writer, b"x" * 65536)
            await writer.drain()

    async def play_hang(self, *_):
        await asyncio.sleep(3600)

    async def play_close(self, *_):
        return False

    async def play_garbage(self, request, writer, *_):
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        return False

    async def play_redirect(self, request, writer, *_):
        return self.whole(writer, {}, 307, [("Location", "http://127.0.0.1:1/elsewhere")])

    async def play_mirror(self, request, writer, asked, path, _):
        content = json.dumps({"target": request.target, "fields": request.fields})
        return self.whole(writer, completion(asked, {"role": "assistant", "content": content}))

    async def play_extra(self, request, writer, asked, path, rest):
        await self.play_ok(request, writer, asked, path, rest)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await writer.drain()
        return True

    async def play_account(self, request, writer, asked, path, _):
        fields = [("Set-Cookie", "session=1"), ("Server", "provider/1"), ("openai-organization", "org-secret"),
                  ("Strict-Transport-Security", "max-age=1"), ("Alt-Svc", "clear"), ("Via", "1.1 provider")]
        return self.whole(writer, completion(asked, {"role": "assistant", "content": "fine"}), 200, fields)

    async def play_utf8(self, request, writer, asked, path, _):
        self.stream_head(writer)
        text = f"data: {json.dumps(chunk(asked, {'content': 'grüße 🦉 gate'}, 'stop'), ensure_ascii=False)}\n\n".encode()
        for index in range(0, len(text), 3):
            self.chunk(writer, text[index:index + 3])
            await writer.drain()
        return await self.end(writer)


# ---- documents ------------------------------------------------------------------------------------------------------

USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}
VECTOR = [0.5, -1.25, 3.0, 0.0]
TOOL_DELTAS = [
    ({"role": "assistant", "tool_calls": [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}]}, None),
    ({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}, None),
    ({"tool_calls": [{"index": 0, "function": {"arguments": '"Rome"}'}}]}, None),
    ({}, "tool_calls"),
]


def completion(asked, message, finish="stop"):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked.get("model"), "usage": USAGE,
            "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}]}


def chunk(asked, delta, finish):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked.get("model"),
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def embeddings(asked):
    inputs = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    packed = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    value = packed if asked.get("encoding_format") == "base64" else VECTOR
    data = [{"object": "embedding", "index": index, "embedding": value} for index in range(len(inputs))]
    return {"object": "list", "data": data, "model": asked["model"], "usage": {"prompt_tokens": 3, "total_tokens": 3}}


def response(asked, text, status="completed"):
    part = {"type": "output_text", "text": text, "annotations": []}
    output = [{"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": [part]}]
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": asked.get("model"),
            "output": output if text else [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0,
            "top_p": 1.0, "usage": {"input_tokens": 11, "output_tokens": 4, "total_tokens": 15,
                                    "input_tokens_details": {"cached_tokens": 0},
                                    "output_tokens_details": {"reasoning_tokens": 0}}}


def response_events(asked):
    item = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [{"type": "response.created", "response": response(asked, "", "in_progress")}]
    for word in ("Hello", " from", " responses"):
        events.append({"type": "response.output_text.delta", **item, "delta": word, "logprobs": []})
    events.append({"type": "response.completed", "response": response(asked, "Hello from responses")})
    for number, event in enumerate(events):
        yield event["type"], {**event, "sequence_number": number}


if __name__ == "__main__":
    chosen = int(sys.argv[sys.argv.index("--port") + 1]) if "--port" in sys.argv else 0
    print(Upstream(record=False).start(chosen).port, flush=True)
    sys.stdin.read()
