"""`ostiary run` on a terminal, under signals, and while a key rotates."""

import http.client
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time

from gate import binary, environment, free_port

# Answers with its key to everybody, and shares its port with the next one.
SERVER = """
import http.server, os, signal, socket, socketserver, threading
key = open(os.environ["KEY_FILE"]).read()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", str(len(key)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(key.encode())
    def log_message(self, *all): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 128
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *all: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *arguments):
        self.said = b""
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.execve(arguments[0], arguments, environment(TERM="dumb"))

    def type(self, text):
        os.write(self.end, text)

    def hears(self, word, seconds=20):
        """Whether it says this from here on."""
        end, begin = time.monotonic() + seconds, len(self.said)
        while time.monotonic() < end and word not in self.said[begin:]:
            if select.select([self.end], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.end, 4096)
                except OSError:
                    break
        return word in self.said[begin:]

    def status(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_ctrl_c_is_the_programs_own():
    script = "trap 'echo got it; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    terminal = Terminal(binary(), "run", "--", "sh", "-c", script)
    assert terminal.hears(b"ready")
    terminal.type(b"\x03")
    assert terminal.hears(b"got it")
    assert terminal.status() == 9


def test_on_a_terminal_the_whole_job_stops_and_goes_on():
    shell = Terminal("/bin/bash", "--norc", "-i")
    shell.type(f"{binary()} run -- sh -c 'echo rea''dy; exec cat'\n".encode())
    assert shell.hears(b"ready")
    shell.type(b"\x1a")
    assert shell.hears(b"Stopped")
    shell.type(b"fg\n")
    assert shell.hears(b"run -- sh")
    shell.type(b"once more\n")
    assert shell.hears(b"once more\r\nonce more")
    shell.type(b"\x04")
    shell.type(b"echo status $((6 * 7)) $?\n")
    assert shell.hears(b"status 42 0")
    os.kill(shell.pid, signal.SIGKILL)
    shell.status()


def test_signals_are_passed_on_and_the_status_comes_back():
    script = "trap 'echo usr' USR1; trap 'echo term; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen([binary(), "run", "--", "sh", "-c", script], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, env=environment(), text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGUSR1)
    assert process.stdout.readline() == "usr\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.read() == "term\n"
    assert process.wait(20) == 5


def test_an_overlap_rotates_a_key_without_a_failed_request(tmp_path, canaries):
    first, second = canaries.plant("run key"), canaries.plant("next run key")
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(first)
    port = free_port()
    process = subprocess.Popen(
        [binary(), "run", "--as-file", f"KEY_FILE=file:{key}", "--port", str(port), "--health", "/", "--on-rotation",
         "overlap", "--refresh", "1", "--", sys.executable, "-c", SERVER],
        stdin=subprocess.DEVNULL, env=environment())
    seen, failed, done = [], [], threading.Event()

    def ask():
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        link.request("GET", "/")
        return link.getresponse().read().decode()

    def keep_asking():
        while not done.is_set():
            try:
                seen.append(ask())
            except OSError as error:
                failed.append(error)

    def until(what):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if what():
                    return True
            except OSError:
                pass
            time.sleep(0.05)
        return False

    try:
        assert until(lambda: ask() == first)
        asking = threading.Thread(target=keep_asking)
        asking.start()
        replacement = tmp_path / "next"
        replacement.touch(mode=0o600)
        replacement.write_text(second)
        replacement.rename(key)
        assert until(lambda: len(seen) > 20 and seen[-20:] == [second] * 20)
        done.set()
        asking.join()
        # One that was on the old one's queue when that closed its socket is lost by the kernel, not by the rotation.
        assert len(failed) <= 1, failed[:3]
        assert first in seen and set(seen) == {first, second}
    finally:
        done.set()
        process.terminate()
        process.wait(20)
