"""Clients that ask a gate without pause and remember everything that was not as it should be.

HTTP/1.1 by hand on asyncio, cheap enough not to be the bottleneck. Four kinds: `kept` asks again and again on one
connection, `fresh` makes a connection for every request, `stream` reads streams to their end, `models` asks the gate
itself. A request that fails on its way counts as failed, whatever a patient client would make of it; only a kept
connection that the gate closed between two requests is opened again, as every client does.
"""

import asyncio
import json
import threading
import time


class Broken(Exception):
    pass


class Line:
    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None
        self.asked = 0

    async def open(self):
        if self.reader is not None and self.reader.at_eof():
            self.close()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.asked = 0

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def ask(self, method, target, token, document=None):
        """The status and the whole body."""
        await self.open()
        body = b"" if document is None else json.dumps(document).encode()
        lines = [f"{method} {target} HTTP/1.1", "Host: gate", f"Authorization: Bearer {token}"]
        if document is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        self.asked += 1
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if "chunked" in fields.get("transfer-encoding", ""):
            whole = b""
            while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                whole += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readexactly(2)
        else:
            whole = await self.reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection") == "close":
            self.close()
        return status, whole


class Load(threading.Thread):
    """Asks from a thread of its own until `finish`."""

    def __init__(self, port, token, kept=8, fresh=4, stream=8, models=2, script="stream-20-10"):
        super().__init__(daemon=True)
        self.port, self.token, self.script = port, token, script
        self.kinds = {"kept": kept, "fresh": fresh, "stream": stream, "models": models}
        self.done = dict.fromkeys(self.kinds, 0)
        self.failed = []
        self.over = threading.Event()
        self.start()

    def run(self):
        asyncio.run(self.live())

    async def live(self):
        await asyncio.gather(*(self.client(kind) for kind, count in self.kinds.items() for _ in range(count)))

    async def client(self, kind):
        line = Line(self.port)
        while not self.over.is_set():
            try:
                wrong = await asyncio.wait_for(self.turn(kind, line), 30)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
                wrong = f"request {line.asked} of a connection: {error!r}"
                line.close()
            if wrong:
                self.failed.append(f"{time.time():.3f} {kind}: {wrong}")
            self.done[kind] += 1
        line.close()

    async def turn(self, kind, line):
        ask = [{"role": "user", "content": "hello"}]
        if kind == "models":
            status, body = await line.ask("GET", "/v1/models", self.token)
            good = status == 200 and b'"data"' in body
        elif kind == "stream":
            document = {"model": self.script, "stream": True, "messages": ask}
            status, body = await line.ask("POST", "/v1/chat/completions", self.token, document)
            good = status == 200 and body.rstrip().endswith(b"data: [DONE]")
        else:
            document = {"model": "ok" if kind == "kept" else "echo", "messages": ask}
            status, body = await line.ask("POST", "/v1/chat/completions", self.token, document)
            good = status == 200 and b'"finish_reason"' in body
            if kind == "fresh":
                line.close()
        return None if good else f"{status} {body[:200]!r}"

    @property
    def requests(self):
        return sum(self.done.values())

    def wait(self, more, seconds=30):
        """Returns when this many more requests were made."""
        wanted, end = self.requests + more, time.monotonic() + seconds
        while self.requests < wanted:
            assert time.monotonic() < end, f"{self.requests} of {wanted} requests; failed: {self.failed[:5]}"
            time.sleep(0.01)

    def finish(self):
        """Ends the load and returns what failed."""
        self.over.set()
        self.join(40)
        return self.failed
