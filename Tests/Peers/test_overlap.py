"""Two processes on one port, so that an upgrade loses nothing."""

import http.client
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from gate import binary, environment
from load import Line, Load  # noqa: F401


class Beside:
    """A second gate with the first one's file, and so at its addresses."""

    def __init__(self, gate, number, *arguments, **variables):
        self.folder = gate.folder / f"beside-{number}"
        self.folder.mkdir()
        self.out, self.err = open(self.folder / "stdout.txt", "wb"), open(self.folder / "stderr.txt", "wb")
        self.process = subprocess.Popen(
            [binary(), "serve", "--config", str(gate.file), *arguments], stdin=subprocess.DEVNULL, stdout=self.out,
            stderr=self.err, env=environment(**variables), cwd=self.folder)

    @property
    def said(self):
        return (self.folder / "stderr.txt").read_text(errors="replace")

    def wait_open(self, seconds=20):
        end = time.monotonic() + seconds
        while "the doors are open" not in self.said:
            assert self.process.poll() is None and time.monotonic() < end, self.said
            time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path):
        super().__init__("ostiary", timeout=5)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(self.path)


def health(path):
    link = SocketConnection(path)
    link.request("GET", "/health")
    return json.loads(link.getresponse().read())


@pytest.fixture
def pair(start, configuration, provider_key):
    """Starts a gate with an admin socket, and others beside it."""
    others = []

    def begin(*arguments, **changes):
        gate = start(configuration(admin={"socket": "gate.sock"}, **changes))

        def beside(*arguments):
            others.append(Beside(gate, len(others), *arguments, LOCAL_KEY=provider_key))
            return others[-1]

        return gate, beside

    yield begin
    for other in others:
        other.stop()


def test_a_second_one_without_the_flag_does_not_start(pair):
    gate, beside = pair()
    other = beside()
    assert other.process.wait(20) == 71
    assert f"ostiary: error: 127.0.0.1:{gate.port} is in use by another program" in other.said
    assert "ostiary serve --overlap" in other.said
    assert gate.get("/ready")[0] == 200
    assert health(gate.folder / "gate.sock")["pid"] == gate.process.pid


def test_an_upgrade_loses_nothing(pair, token):
    gate, beside = pair(shutdown={"grace": 20})
    load = Load(gate.port, token, kept=16, fresh=16, stream=16)
    load.wait(100)
    began = time.monotonic()
    pids = [gate.process.pid]
    old = gate
    for _ in range(3):
        new = beside("--overlap")
        new.wait_open()
        # The socket file is the new one's at once; the address stays with the old one until that goes.
        assert health(gate.folder / "gate.sock")["pid"] == new.process.pid
        assert json.loads(gate.get("/health", gate.admin)[1])["pid"] == old.process.pid
        load.wait(50)
        old.process.terminate()
        assert old.process.wait(30) == 0
        pids.append(new.process.pid)
        end = time.monotonic() + 5
        while True:
            try:
                assert json.loads(gate.get("/health", gate.admin)[1])["pid"] == new.process.pid
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)
        assert health(gate.folder / "gate.sock")["pid"] == new.process.pid
        load.wait(50)
        old = new
    failed = load.finish()
    print(f"{load.done} in {time.monotonic() - began:.1f} s, failed: {failed}")
    assert failed == []
    assert len(set(pids)) == 4
    old.process.terminate()
    assert old.process.wait(30) == 0
    assert not os.path.exists(gate.folder / "gate.sock")


class Stream(threading.Thread):
    """Reads one long stream; `whole` when it came to its end."""

    def __init__(self, port, token, pieces):
        super().__init__(daemon=True)
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        body = json.dumps({"model": f"stream-{pieces}-20", "stream": True,
                           "messages": [{"role": "user", "content": "hello"}]})
        self.link.request("POST", "/v1/chat/completions", body, {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        self.answer = self.link.getresponse()
        self.port = self.link.sock.getsockname()[1] if self.link.sock else 0
        self.whole = None
        self.start()

    def run(self):
        try:
            self.whole = self.answer.read().rstrip().endswith(b"data: [DONE]")
        except Exception:  # noqa: BLE001 - however it breaks off
            self.whole = False


def owners(ports, pids):
    """Which of the processes has the connection from each of these ports of ours."""
    sockets = {}
    for pid in pids:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
            if target.startswith("socket:["):
                sockets[target[8:-1]] = pid
    remote = {}
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        fields = line.split()
        if fields[9] in sockets:
            remote[int(fields[2].split(":")[1], 16)] = sockets[fields[9]]
    return [remote.get(port) for port in ports]


@pytest.mark.skipif(os.geteuid() != 0, reason="whose a connection is can be seen by root only")
@pytest.mark.parametrize("killed", ["the older", "the newer"])
def test_a_killed_one_takes_only_its_own_streams_along(pair, token, killed):
    gate, beside = pair()
    streams = [Stream(gate.port, token, 500) for _ in range(30)]
    other = beside("--overlap")
    other.wait_open()
    streams += [Stream(gate.port, token, 500) for _ in range(30)]
    pids = [gate.process.pid, other.process.pid]
    whose = owners([stream.port for stream in streams], pids)
    # Who comes when there are two comes to the newer.
    assert whose == pids[:1] * 30 + pids[1:] * 30
    victim = gate.process if killed == "the older" else other.process
    assert all(stream.whole is None for stream in streams)
    victim.kill()
    victim.wait()
    load = Load(gate.port, token, kept=4, fresh=8, stream=4)
    load.wait(100)
    assert load.finish() == []
    for stream in streams:
        stream.join(40)
    lost = [pid for stream, pid in zip(streams, whose) if not stream.whole]
    assert lost == [victim.pid] * 30, "a stream of the killed one went on, or another's did not"
