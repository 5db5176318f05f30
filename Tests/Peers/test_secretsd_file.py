"""A user of ct_secretsd starts this daemon with the file they have, and a program of their own as the proxy."""

import os
import pathlib
import stat
import subprocess
import sys
import time

import httpx
import pytest

from gate import binary, environment, free_port

# What the proxy of Claude-Throne is told, said back to whoever asks.
PROXY = """
import http.server, json, os
keys = [name for name in os.environ if name.endswith("_KEY") or name.endswith("_FILE")]
told = {name: os.environ.get(name) for name in
        ("PORT", "ANTHROPIC_PROXY_BASE_URL", "REASONING_MODEL", "COMPLETION_MODEL", "EXTRA", "SECRET_OF_THE_GATE")}
told["keys"] = keys
told["key"] = os.environ.get("OPENROUTER_API_KEY") or open(os.environ["API_KEY_FILE"]).read()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *all): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Daemon:
    """`ostiary serve` as it is started where ct_secretsd was."""

    def __init__(self, home, said, *arguments, port, **variables):
        self.base = f"http://127.0.0.1:{port}"
        self.said = said
        self.out = open(said, "ab")
        self.process = subprocess.Popen([binary(), "serve", *arguments], stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.out, env=environment(HOME=str(home), **variables), cwd=home)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(self.text)
            try:
                if httpx.get(f"{self.base}/health").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError(self.text)

    @property
    def text(self):
        return pathlib.Path(self.said).read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.out.close()


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    (home / ".ct_secretsd").mkdir(parents=True)
    (home / ".ct_secretsd").chmod(0o700)
    return home


def test_the_file_alone_starts_the_daemon(home, outputs, canaries):
    port = free_port()
    (home / ".ct_secretsd" / "config.yaml").write_text(
        f"host: 127.0.0.1\nport: {port}\nlog_level: INFO\nstorage:\n  backend: file\n"
        f"  file_path: {home}/.ct_secretsd/encrypted.json\n"
        "providers:\n  acme: {name: Acme, base_url: 'https://models.acme.example/v1'}\n")
    daemon = Daemon(home, outputs / "secretsd.txt", port=port)
    try:
        token = (home / ".ostiary" / "token").read_text().strip()
        canaries.add("secretsd token", token)
        key = canaries.plant("secretsd key")
        with httpx.Client(base_url=daemon.base, headers={"Authorization": f"Bearer {token}"}) as door:
            ids = {entry["id"] for entry in door.get("/secrets/providers").json()["providers"]}
            assert {"acme", "openrouter", "custom"} <= ids
            assert door.put("/secrets/provider/acme", json={"api_key": key}).status_code in (200, 201)
            assert door.get("/credentials/acme").json()["api_key"] == key
        assert stat.S_IMODE((home / ".ct_secretsd" / "encrypted.json").stat().st_mode) == 0o600
        assert "ct_secretsd" in daemon.text and 'listen=""' in daemon.text
        # No public door, and the owner's helper all the same.
        said = subprocess.run([binary(), "token"], capture_output=True, text=True, env=environment(HOME=str(home)))
        assert said.returncode == 0 and said.stdout.count(".") == 2
    finally:
        daemon.stop()


def test_what_it_does_not_know_is_named(home):
    (home / ".ct_secretsd" / "config.yaml").write_text("prot: 1\n")
    said = subprocess.run([binary(), "serve", "--dry-run"], capture_output=True, text=True,
                          env=environment(HOME=str(home)))
    assert said.returncode == 2
    assert "config.yaml:1:1: unknown key `prot`" in said.stderr and "did you mean `port`?" in said.stderr


def test_a_passphrase_by_a_descriptor_opens_the_store_for_the_commands_and_the_gate(home, outputs, canaries):
    port = free_port()
    (home / ".ct_secretsd" / "config.yaml").write_text(f"port: {port}\nstorage: {{backend: file}}\n")
    phrase, key = canaries.plant("passphrase"), canaries.plant("passphrase key")

    def run(*words, phrase=phrase, given=None):
        read, write = os.pipe()
        os.write(write, phrase.encode() + b"\n")
        os.close(write)
        try:
            return subprocess.run([binary(), "vault", *words, "--passphrase-fd", str(read)], pass_fds=[read], text=True,
                                  input=given, capture_output=True, env=environment(HOME=str(home)))
        finally:
            os.close(read)

    (home / ".ostiary").mkdir(mode=0o700)
    assert run("create").returncode == 0
    assert run("add", "openai", given=key + "\n").stdout == "added openai\n"
    assert run("list").stdout.startswith("openai\t")
    assert "is not opened by this master secret" in run("list", phrase="another phrase").stderr
    assert run("rotate").returncode == 0
    assert run("rotate", "--master").returncode == 2
    assert run("list", phrase="").returncode == 2

    read, write = os.pipe()
    os.write(write, phrase.encode() + b"\n")
    os.close(write)
    out = open(outputs / "secretsd-phrase.txt", "ab")
    process = subprocess.Popen([binary(), "serve", "--passphrase-fd", str(read)], pass_fds=[read], stdout=out, stderr=out,
                               stdin=subprocess.DEVNULL, env=environment(HOME=str(home)), cwd=home)
    os.close(read)
    try:
        token = home / ".ostiary" / "token"
        end = time.monotonic() + 40
        while time.monotonic() < end:
            try:
                if token.exists() and httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        fields = {"Authorization": f"Bearer {token.read_text().strip()}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=fields, timeout=30) as door:
            assert door.get("/credentials/openai").json()["api_key"] == key
            # It is kept for reloads, and for opening what was sealed.
            assert door.post("/reload", json={}).status_code == 200
            assert door.post("/admin/seal").status_code == 200
            assert door.get("/credentials/openai").status_code == 423
            assert door.post("/admin/open").status_code == 200
            assert door.get("/credentials/openai").json()["api_key"] == key
        for name in ("environ", "cmdline"):
            assert phrase.encode() not in pathlib.Path(f"/proc/{process.pid}/{name}").read_bytes()
    finally:
        process.terminate()
        process.wait(20)
        out.close()


@pytest.mark.parametrize("lend", ["file", "variable"])
def test_a_program_stands_in_the_proxys_place(start, configuration, tmp_path, canaries, lend):
    word, key, other = (canaries.plant(f"{name} {lend}") for name in ("proxy admin", "proxy key", "next proxy key"))
    script = tmp_path / "proxy.py"
    script.write_text(PROXY)
    program = {"command": [sys.executable, str(script)], "lend": lend, "environment": ["EXTRA", "SECRET_OF_THE_GATE"],
               "health": "/health"}
    document = configuration(vault={"backend": "memory"}, daemon={
        "folder": str(tmp_path / "daemon"), "token": "env:ADMIN_TOKEN", "proxy": program})
    document["providers"]["hidden"] = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1",
                                       "key": "env:SECRET_OF_THE_GATE"}
    gate = start(document, ADMIN_TOKEN=word, EXTRA="seen", SECRET_OF_THE_GATE=canaries.plant(f"of the gate {lend}"))
    with httpx.Client(base_url=f"http://127.0.0.1:{gate.admin}", timeout=40,
                      headers={"Authorization": f"Bearer {word}"}) as door:
        assert door.put("/credentials/openrouter", json={"api_key": key}).status_code == 201
        # No call can name a program.
        bad = {"provider": "openrouter", "port": 0, "command": ["/bin/true"]}
        assert door.post("/proxy/start", json=bad).status_code == 422
        order = {"provider": "openrouter", "port": free_port(), "reasoning_model": "r", "completion_model": "c"}
        started = door.post("/proxy/start", json=order)
        assert started.status_code == 200, started.text
        proxy = started.json()

        def told():
            return httpx.get(f"http://127.0.0.1:{proxy['port']}/").json()

        seen = told()
        assert seen["key"] == key
        assert (seen["ANTHROPIC_PROXY_BASE_URL"], seen["REASONING_MODEL"], seen["COMPLETION_MODEL"]) == (
            "https://openrouter.ai/api/v1", "r", "c")
        # What the gate keeps as a secret is nobody's, even where it is named.
        assert (seen["EXTRA"], seen["SECRET_OF_THE_GATE"]) == ("seen", None)
        assert seen["keys"] == (["API_KEY_FILE"] if lend == "file" else ["OPENROUTER_API_KEY"])
        arguments = pathlib.Path(f"/proc/{proxy['pid']}/cmdline").read_bytes()
        assert key.encode() not in arguments
        if lend == "file":
            assert key.encode() not in pathlib.Path(f"/proc/{proxy['pid']}/environ").read_bytes()
        assert door.post("/proxy/start", json=order).json()["pid"] == proxy["pid"]

        # It reads its key once, so another one means another start.
        assert door.put("/credentials/openrouter", json={"api_key": other}).status_code == 200
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if told()["key"] == other:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        assert told()["key"] == other
        assert door.post("/proxy/stop").json() == {"success": True, "stopped": True}
    gate.stop()
