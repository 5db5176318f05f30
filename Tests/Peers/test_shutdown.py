"""Going down: streams finish inside the grace time or are cut, never ended (SEC-706)."""

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
