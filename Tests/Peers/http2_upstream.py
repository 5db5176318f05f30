"""A provider that speaks HTTP/2 over TLS: the h2 library on asyncio. The first word of the model's name is the script:

    ok               a whole answer, or a stream of five events when `stream` is set
    stream-N-MS      a stream of N events, MS milliseconds apart
    refuse-once      the stream is refused the first time, then ok
    reset            a stream that is reset after its first event
    goaway           a whole answer, and a GOAWAY behind it
    big-N            a whole answer with N bytes of content
    hang             no answer
"""

import asyncio
import json
import ssl

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from loop_thread import LoopThread


class Upstream:
    def __init__(self, certificate, key, protocols=("h2", "http/1.1")):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(list(protocols))
        self.requests = []
        self.resets = []
        self.connections = 0
        self.most = 0
        self.refused = set()

    def start(self):
        self.thread = LoopThread(self.serve, ssl=self.context)
        self.port = self.thread.port
        return self

    def stop(self):
        self.thread.stop()

    @property
    def base_url(self):
        return f"https://localhost:{self.port}/v1"

    async def serve(self, reader, writer):
        self.connections += 1
        await Connection(self, reader, writer).run()


class Connection:
    def __init__(self, upstream, reader, writer):
        self.upstream, self.reader, self.writer = upstream, reader, writer
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.bodies, self.heads = {}, {}
        self.room = asyncio.Condition()

    def flush(self):
        self.writer.write(self.state.data_to_send())

    async def run(self):
        self.state.initiate_connection()
        self.flush()
        tasks = {}
        try:
            while data := await self.reader.read(65536):
                for event in self.state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.heads[event.stream_id], self.bodies[event.stream_id] = event.headers, b""
                        self.upstream.most = max(self.upstream.most, len(self.heads) - len(self.upstream.resets))
                    elif isinstance(event, h2.events.DataReceived):
                        self.bodies[event.stream_id] += event.data
                        self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        tasks[event.stream_id] = asyncio.create_task(self.answer(event.stream_id))
                    elif isinstance(event, h2.events.StreamReset):
                        self.upstream.resets.append(event.error_code)
                        if task := tasks.get(event.stream_id):
                            task.cancel()
                    elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
                        async with self.room:
                            self.room.notify_all()
                self.flush()
        except (ConnectionError, h2.exceptions.ProtocolError):
            pass
        finally:
            for task in tasks.values():
                task.cancel()
            self.writer.close()

    async def answer(self, stream):
        head, body = dict(self.heads[stream]), json.loads(self.bodies[stream] or b"{}")
        self.upstream.requests.append((head, body))
        model = body.get("model", "")
        script = model.split(".")[0]
        if script == "hang":
            return
        if script == "refuse-once" and model not in self.upstream.refused:
            self.upstream.refused.add(model)
            self.state.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return self.flush()
        if body.get("stream"):
            return await self.events(stream, script)
        size = int(script[4:]) if script.startswith("big-") else 5
        document = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
                    "choices": [{"index": 0, "finish_reason": "stop",
                                 "message": {"role": "assistant", "content": "x" * size}}]}
        self.state.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        await self.send(stream, json.dumps(document).encode(), end=True)
        if script == "goaway":
            self.state.close_connection(last_stream_id=stream)
            self.flush()

    async def events(self, stream, script):
        count, pause = (int(word) for word in script[7:].split("-")) if script.startswith("stream-") else (5, 0)
        self.state.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
        for number in range(count):
            event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": script,
                     "choices": [{"index": 0, "delta": {"content": f"{number} "}}]}
            await self.send(stream, f"data: {json.dumps(event)}\n\n".encode())
            if script == "reset":
                self.state.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
                return self.flush()
            await asyncio.sleep(pause / 1000)
        await self.send(stream, b"data: [DONE]\n\n", end=True)

    async def send(self, stream, data, end=False):
        """Sends as the windows allow."""
        while data:
            room = min(self.state.local_flow_control_window(stream), self.state.max_outbound_frame_size)
            if room <= 0:
                async with self.room:
                    await self.room.wait()
                continue
            piece, data = data[:room], data[room:]
            self.state.send_data(stream, piece, end_stream=end and not data)
            self.flush()
            await self.writer.drain()
