"""Starts the program under test and keeps everything it says."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def binary():
    path = os.path.abspath(os.environ.get("OSTIARY_BINARY") or CHECKOUT / ".build/debug/ostiary")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"there is no program at {path}; `make build` makes it, OSTIARY_BINARY names another")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**more):
    """The least that a process needs, so that nothing of the machine's own settings reaches the gate."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "NO_COLOR": "1", **more}


class Gate:
    """One running gate. `folder` receives its configuration, its output and, at the end, its metrics."""

    everybody = []

    def __init__(self, folder, configuration, variables, arguments=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.admin = free_port(), free_port()
        document = {"listen": {}, "admin": {}, **configuration}
        document["listen"] = {"address": f"127.0.0.1:{self.port}", **document["listen"]}
        document["admin"] = {"address": f"127.0.0.1:{self.admin}", **document["admin"]}
        self.file = self.folder / "ostiary.yaml"
        self.file.write_text(json.dumps(document, indent=2))  # JSON is YAML
        self.out = open(self.folder / "stdout.txt", "wb")
        self.err = open(self.folder / "stderr.txt", "wb")
        self.process = subprocess.Popen(
            [binary(), "serve", "--config", str(self.file), *arguments], stdin=subprocess.DEVNULL,
            stdout=self.out, stderr=self.err, env=environment(**variables), cwd=self.folder)
        Gate.everybody.append(self)

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def said(self):
        return (self.folder / "stdout.txt").read_text(errors="replace") + \
            (self.folder / "stderr.txt").read_text(errors="replace")

    @property
    def log(self):
        """The log's lines as objects."""
        lines = [line for line in self.said.splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def get(self, path, port=None):
        link = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=5)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            link.close()

    def wait_ready(self, seconds=20):
        """Returns the seconds until /ready answered 200."""
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gate ended with {self.process.returncode}:\n{self.said[-3000:]}")
            try:
                if self.get("/ready")[0] == 200:
                    return time.monotonic() - begin
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"the gate was not ready in {seconds} s:\n{self.said[-3000:]}")

    def metrics(self):
        text = self.get("/metrics", self.admin)[1]
        (self.folder / "metrics.txt").write_text(text)
        return text

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Keeps the metrics, then ends the process in the ordinary way; returns its exit status."""
        if self.process.poll() is None:
            try:
                self.metrics()
            except OSError:
                pass
            self.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()
        self.err.close()
        return self.process.returncode

    # -- what the process holds

    def memory_kib(self):
        """Resident memory. Not the proportional share: that moves when another copy of the program starts or ends."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
