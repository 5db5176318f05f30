"""The servers that are compared, each on a port of loopback, and the provider behind those that forward."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers"))

from gate import free_port  # noqa: E402
from issuer import Issuer  # noqa: E402

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Recorder:
    """A provider that counts the complete requests that it gets and answers each the same."""

    def __init__(self):
        self.count = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                link, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        with link, link.makefile("rb") as stream:
            try:
                while self.read(stream):
                    self.count += 1
                    link.sendall(ANSWER)
            except (OSError, ValueError):
                pass

    @staticmethod
    def read(stream):
        """Reads one request; whether it came to its end."""
        fields = {}
        if not stream.readline():
            return False
        while (line := stream.readline().strip()):
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip().lower()
        if b"transfer-encoding" in fields:
            while (size := int(stream.readline().split(b";")[0], 16)):
                if len(stream.read(size + 2)) != size + 2:
                    return False
            while (line := stream.readline()) not in (b"\r\n", b"\n"):
                if not line:
                    return False
            return True
        length = int(fields.get(b"content-length", b"0"))
        return len(stream.read(length)) == length

    def stop(self):
        self.listening.close()


class Server:
    """One running server. `counted()` is how many requests have passed it."""

    name = ""
    token = "none"

    def __init__(self, folder):
        self.folder = folder / self.name
        self.folder.mkdir()
        self.port = free_port()
        self.recorder = Recorder()
        self.log = open(self.folder / "log.txt", "wb")
        self.process = self.start()
        self.wait()

    def run(self, *command, **more):
        options = {"stdout": self.log, **more}
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stderr=self.log,
                                cwd=self.folder, **options)

    def wait(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"compare: {self.name} ended: {(self.folder / 'log.txt').read_text()[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"compare: {self.name} does not listen")

    def counted(self):
        return self.recorder.count

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.recorder.stop()


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr


class Ostiary(Server):
    name = "ostiary"
    binary = None

    def start(self):
        issuer = Issuer()
        keys = self.folder / "keys.json"
        keys.write_text(json.dumps(issuer.key_set()))
        issuer.stop()
        self.token = issuer.token(life=7200)
        (self.folder / "ostiary.yaml").write_text(json.dumps({
            "listen": {"address": f"127.0.0.1:{self.port}"}, "admin": {"address": f"127.0.0.1:{free_port()}"},
            "identity": {"jwt": [{"issuer": issuer.url, "jwks": f"file:{keys}", "audiences": [issuer.audience]}]},
            "providers": {"main": {"kind": "openai", "base_url": f"http://127.0.0.1:{self.recorder.port}/v1",
                                   "key": "env:MAIN_KEY"}},
            "models": {"*": {"provider": "main"}},
            "limits": {"requests_per_minute": 0, "burst": 0, "failures_per_minute": 0},
        }))
        return self.run(self.binary, "serve", "--config", "ostiary.yaml", env={**os.environ, "MAIN_KEY": "provider-key"})

    def version(self):
        return said(self.binary, "version").removeprefix("ostiary ").split()[0]


class HAProxy(Server):
    name = "HAProxy"

    def start(self):
        text = (HERE / "haproxy.cfg").read_text()
        (self.folder / "haproxy.cfg").write_text(text.format(port=self.port, provider=self.recorder.port))
        return self.run("haproxy", "-db", "-f", "haproxy.cfg")

    def version(self):
        return re.search(r"version ([0-9.]+)", said("haproxy", "-v")).group(1)


class Nginx(Server):
    name = "nginx"

    def start(self):
        text = (HERE / "nginx.conf").read_text()
        words = {"PORT": self.port, "PROVIDER": self.recorder.port, "FOLDER": self.folder}
        (self.folder / "nginx.conf").write_text(re.sub(r"@(\w+)@", lambda word: str(words[word.group(1)]), text))
        return self.run("nginx", "-e", self.folder / "error.txt", "-c", self.folder / "nginx.conf")

    def version(self):
        return re.search(r"nginx/([0-9.]+)", said("nginx", "-v")).group(1)


class Hummingbird(Server):
    name = "Hummingbird"
    binary = None
    lines = 0

    def start(self):
        process = self.run(self.binary, self.port, stdout=subprocess.PIPE)
        threading.Thread(target=self.listen, args=(process.stdout,), daemon=True).start()
        return process

    def listen(self, stream):
        for _ in stream:
            self.lines += 1

    def counted(self):
        return self.lines

    def version(self):
        resolved = json.loads((HERE / "Package.resolved").read_text())
        found = {pin["identity"]: pin["state"].get("version", "?") for pin in resolved["pins"]}
        return f"{found['hummingbird']} on SwiftNIO {found['swift-nio']}"


def missing():
    """What the system still needs."""
    return [name for name in ("nginx", "haproxy") if not shutil.which(name)]
