"""A provider of our own that speaks Anthropic's Messages API, does what a test told it, and remembers every request.

What it does with the next requests is a list of steps, taken one each; without any it answers. A step is one of

    ok              a whole answer, or a stream of events when `stream` is set
    busy            429 with Retry-After: 1
    overloaded      529
    cut             a stream that is cut in the middle of its text
    error-event     a stream that ends with an error event
    unauthorized    401, as for a key that is not good
"""

import itertools
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ["The", " gate", " is", " open"]


class Asked:
    """One request as it arrived."""

    def __init__(self, method, target, fields, raw):
        self.method, self.target, self.fields, self.raw = method, target, fields, raw

    @property
    def path(self):
        return self.target.split("?")[0]

    @property
    def json(self):
        return json.loads(self.raw) if self.raw else {}

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


class AnthropicUpstream:
    def __init__(self):
        self.requests = []
        self.steps = []
        self.lock = threading.Lock()
        self.ids = itertools.count(1)
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)) \
                    if "Transfer-Encoding" not in self.headers else self.chunks()
                asked = Asked("POST", self.path, list(self.headers.items()), raw)
                with upstream.lock:
                    upstream.requests.append(asked)
                    isMessages = asked.path.endswith("/messages")
                    step = upstream.steps.pop(0) if isMessages and upstream.steps else "ok"
                if asked.path.endswith("/count_tokens"):
                    return self.document(200, {"input_tokens": 42})
                getattr(self, "play_" + step.replace("-", "_"))(asked.json)

            def do_GET(self):
                with upstream.lock:
                    upstream.requests.append(Asked("GET", self.path, list(self.headers.items()), b""))
                self.document(200, {"data": [], "has_more": False, "first_id": None, "last_id": None})

            def chunks(self):
                whole = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    whole += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return whole

            # -- steps

            def play_ok(self, body):
                if body.get("stream"):
                    self.stream(upstream.events(body))
                else:
                    self.document(200, upstream.message(body))

            def play_busy(self, body):
                self.error(429, "rate_limit_error", [("Retry-After", "1")])

            def play_overloaded(self, body):
                self.error(529, "overloaded_error")

            def play_unauthorized(self, body):
                self.error(401, "authentication_error")

            def play_cut(self, body):
                self.stream(upstream.events(body)[:4], isCut=True)

            def play_error_event(self, body):
                error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
                self.stream(upstream.events(body)[:4] + [("error", error)])

            # -- writing

            def document(self, status, value, fields=()):
                body = json.dumps(value).encode()
                self.send_response(status)
                for name, field in fields:
                    self.send_header(name, field)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("request-id", f"req_{next(upstream.ids)}")
                self.end_headers()
                self.wfile.write(body)

            def error(self, status, kind, fields=()):
                self.document(status, {"type": "error", "error": {"type": kind, "message": kind}}, fields)

            def stream(self, events, isCut=False):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.send_header("Transfer-Encoding", "chunked")
                self.send_header("request-id", f"req_{next(upstream.ids)}")
                self.end_headers()
                for name, value in events:
                    data = f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                    self.wfile.flush()
                if isCut:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):
                """A connection that was cut on purpose is no fault."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def begin(self, *steps):
        """Forgets what was asked, and does this with what comes."""
        with self.lock:
            self.requests.clear()
            self.steps[:] = steps

    def of(self, path):
        with self.lock:
            return [asked for asked in self.requests if asked.path.endswith(path)]

    def everything(self):
        """All that was received, as bytes."""
        with self.lock:
            return b"\n".join(
                json.dumps([asked.target, asked.fields]).encode() + asked.raw for asked in self.requests)

    # -- answers

    def usage(self):
        return {"input_tokens": 17, "output_tokens": len(WORDS), "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0}

    def message(self, body, content=None):
        return {"id": f"msg_{next(self.ids)}", "type": "message", "role": "assistant", "model": body.get("model"),
                "content": [{"type": "text", "text": "".join(WORDS)}] if content is None else content,
                "stop_reason": "end_turn", "stop_sequence": None, "usage": self.usage()}

    def events(self, body):
        start = {**self.message(body, []), "stop_reason": None, "usage": {**self.usage(), "output_tokens": 1}}
        yield_text = [("content_block_delta", {"type": "content_block_delta", "index": 0,
                                               "delta": {"type": "text_delta", "text": word}}) for word in WORDS]
        return [
            ("message_start", {"type": "message_start", "message": start}),
            ("content_block_start", {"type": "content_block_start", "index": 0,
                                     "content_block": {"type": "text", "text": ""}}),
            *yield_text,
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
            ("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                               "usage": {"output_tokens": len(WORDS)}}),
            ("message_stop", {"type": "message_stop"}),
        ]
