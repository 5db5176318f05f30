"""What happens when the system has no descriptor left for another connection."""

import re
import resource
import time

import raw

ROOM = 20
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def is_answered(wire, seconds=5):
    wire.socket.settimeout(seconds)
    try:
        return wire.socket.recv(4096).startswith(b"HTTP/1.1 200")
    except TimeoutError:
        return False


def test_connections_wait_for_a_descriptor_without_costing_anything(start, configuration):
    gate = start(configuration())
    resource.prlimit(gate.process.pid, resource.RLIMIT_NOFILE, (gate.descriptors() + ROOM,) * 2)
    wires = [raw.Wire(gate.port) for _ in range(2 * ROOM)]
    try:
        for wire in wires:
            wire.send(REQUEST)
        served = [wire for wire in wires if is_answered(wire, 0.1)]
        waiting = [wire for wire in wires if wire not in served]
        assert ROOM / 2 < len(served) < 2 * ROOM - 5
        before = gate.cpu_seconds()
        time.sleep(1)
        assert gate.cpu_seconds() - before < 0.3, "it spins"
        for wire in served:
            wire.socket.close()
        assert all(is_answered(wire) for wire in waiting)
    finally:
        for wire in wires:
            wire.socket.close()
    time.sleep(0.2)
    pauses = re.search(r'^gw_edge_accept_pauses_total\{door="public"\} (\d+)', gate.metrics(), re.MULTILINE)
    assert pauses and int(pauses[1]) > 0
