"""Going down: streams finish inside the grace time or are cut, never ended (SEC-706)."""

import asyncio
import signal
import threading
import time

import openai
import pytest

import raw


class Reader(threading.Thread):
    """Reads one stream to whatever end it has."""

    def __init__(self, gate, token, model, ask):
        super().__init__(daemon=True)
        self.client = openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=0, timeout=60)
        self.model, self.ask, self.words, self.error = model, ask, [], None
        self.begun = threading.Event()
        self.start()
        assert self.begun.wait(10)

    def run(self):
        try:
            for event in self.client.chat.completions.create(model=self.model, messages=self.ask, stream=True):
                self.words.append(event.choices[0].delta.content)
                self.begun.set()
        except Exception as error:  # noqa: BLE001 - any error is what the test asks about
            self.error = error
        self.begun.set()


def test_streams_finish_or_are_cut(start, configuration, token, ask, named):
    gate = start(configuration(shutdown={"grace": 3}))
    short, long = (Reader(gate, token, named(script), ask) for script in ("stream-20-100", "stream-1000-100"))
    begin = time.monotonic()
    gate.terminate()
    time.sleep(0.3)
    status, body = gate.get("/health")
    assert (status, '"draining"' in body) == (503, True)
    gate.process.wait(10)
    took = time.monotonic() - begin
    short.join(5)
    long.join(5)
    assert short.error is None and len(short.words) == 21
    assert isinstance(long.error, openai.APIError), "a cut stream must not look complete"
    assert long.error.code == "shutting_down"
    assert gate.process.returncode == 0
    assert 2.5 <= took <= 5.5


def test_goes_at_once_when_nothing_is_open(start, configuration, token, ask):
    gate = start(configuration())
    with raw.Wire(gate.port) as idle:
        idle.send(b"GET /health HTTP/1.1\r\nHost: gate\r\n\r\n")
        idle.read_until(b"}")
        begin = time.monotonic()
        gate.terminate()
        assert idle.read_to_end() == (b"", False)
    assert gate.process.wait(10) == 0
    assert time.monotonic() - begin < 4


def test_a_second_signal_cuts_at_once(start, configuration, token, ask, named):
    gate = start(configuration(shutdown={"grace": 60}))
    reader = Reader(gate, token, named("stream-1000-100"), ask)
    gate.terminate()
    time.sleep(0.5)
    begin = time.monotonic()
    gate.process.send_signal(signal.SIGINT)
    assert gate.process.wait(10) == 0
    assert time.monotonic() - begin < 2.5
    reader.join(5)
    assert reader.error is not None


def test_calls_during_the_farewell_are_answered_or_told(start, configuration, token, ask, named, refusals):
    """The socket stays a second so that balancers can look elsewhere; whoever still comes is not left hanging."""
    gate = start(configuration(shutdown={"grace": 4}))
    reader = Reader(gate, token, named("stream-20-100"), ask)
    gate.terminate()
    time.sleep(0.2)
    answer = raw.ask(gate.port, "GET", "/v1/models", [("Authorization", f"Bearer {token}")])
    if answer.status != 200:
        assert (refusals(answer).status, answer.code) == (503, "shutting_down")
    time.sleep(1.3)
    with pytest.raises(ConnectionRefusedError):
        raw.ask(gate.port, "GET", "/health")
    reader.join(10)
    assert reader.error is None
    assert gate.process.wait(10) == 0


class ManyStreams(threading.Thread):
    """Many streams at once on asyncio: half of them end by themselves in time, the others would not."""

    def __init__(self, gate, token, count):
        super().__init__(daemon=True)
        self.gate, self.token, self.count = gate, token, count
        self.begun = 0
        self.ends = []
        self.start()

    def run(self):
        asyncio.run(self.read_all())

    async def read_all(self):
        await asyncio.gather(*(self.read(number) for number in range(self.count)))

    async def read(self, number):
        isShort = number % 2 == 0
        model = f"stream-{40 if isShort else 4000}-100.{number}"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.port)
        document = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
        writer.write(raw.post("/v1/chat/completions", self.token, document))
        data = b""
        try:
            while piece := await reader.read(65536):
                if b"data: " not in data and b"data: " in data + piece:
                    self.begun += 1
                data = (data + piece)[-4096:]
        except ConnectionResetError:
            pass
        # A complete body ends with the last chunk; a cut one does not, however it is closed.
        self.ends.append((isShort, data.endswith(b"0\r\n\r\n")))
        writer.close()


def test_five_hundred_streams_end_or_are_cut_inside_the_grace_time(start, configuration, token):
    limits = {"requests_per_minute": 60000, "burst": 10000, "concurrent": 1000, "failures_per_minute": 10000}
    gate = start(configuration(shutdown={"grace": 8}, limits=limits, listen={"limits": {"connections_per_peer": 2000}}))
    streams = ManyStreams(gate, token, 500)
    end = time.monotonic() + 20
    while streams.begun < 500 and time.monotonic() < end:
        time.sleep(0.02)
    assert streams.begun == 500
    begin = time.monotonic()
    gate.terminate()
    assert gate.process.wait(15) == 0
    took = time.monotonic() - begin
    streams.join(10)
    print(f"500 streams: {took:.2f} s with a grace time of 8 s")
    assert 7.5 <= took <= 10
    assert len(streams.ends) == 500
    for isShort, isWhole in streams.ends:
        assert isWhole is isShort, "a stream that had time was cut, or a cut one looks complete"
    cut = [line for line in gate.log if line.get("cut") == "shutdown"]
    assert len(cut) == 250
