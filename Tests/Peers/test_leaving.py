"""Clients that leave: the provider hears of it at once (SEC-703)."""

import os
import socket
import time

import raw


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.002)
    return False


def test_leaving_mid_stream_reaches_the_provider(client, ask, upstream, named, record_property):
    model = named("stream-2000-5")
    stream = client.chat.completions.create(model=model, messages=ask, stream=True)
    for _, _ in zip(range(3), stream):
        pass
    left = time.monotonic()
    stream.close()
    request = upstream.of(model)[0]
    assert wait_for(lambda: request.closed_at)
    took = request.closed_at - left
    record_property("seconds until the provider saw it", round(took, 4))
    print(f"the provider saw the client leave after {took * 1000:.1f} ms")
    # SEC-703 asks for 100 ms; a machine that is busy with other things gets more.
    assert took < (0.1 if os.getloadavg()[0] < os.cpu_count() else 1.0)
    assert request.sent_events < 500


def test_leaving_before_the_answer_reaches_the_provider(gate, token, upstream, named, prompt):
    model = named("hang")
    with raw.Wire(gate.port) as wire:
        wire.send(raw.post("/v1/chat/completions", token, {"model": model, "messages": [{"role": "user", "content": prompt}]}))
        assert wait_for(lambda: upstream.of(model))
    left = time.monotonic()
    assert wait_for(lambda: upstream.of(model)[0].closed_at)
    assert upstream.of(model)[0].closed_at - left < 1.0


def test_a_client_that_does_not_read_holds_the_provider_back(gate, token, upstream, named, prompt):
    """Back-pressure: what nobody reads is not fetched."""
    model = named("stream-200000-0")
    with raw.Wire(gate.port) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        wire.send(raw.post("/v1/chat/completions", token,
                           {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}))
        assert wait_for(lambda: upstream.of(model))
        request, memory = upstream.of(model)[0], gate.memory_kib()
        # The provider stands still once all buffers on the way are full.
        standing, first = 0, -1
        for _ in range(100):
            standing, first = (standing + 1 if request.sent_events == first else 0), request.sent_events
            if standing == 5:
                break
            time.sleep(0.2)
        assert standing == 5 and first < 200_000
        assert gate.memory_kib() - memory < 8192
    assert wait_for(lambda: request.closed_at)
