"""HTTP/1.1 by hand, for what no well-behaved client sends or shows."""

import http.client
import json
import socket


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name):
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]


def ask(port, method, target, fields=(), body=None, timeout=20):
    """One request; fields may repeat."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        link.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            link.putheader(name, value)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            link.putheader("Content-Type", "application/json")
        if body is not None:
            link.putheader("Content-Length", str(len(body)))
        link.endheaders(body)
        answer = link.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        link.close()


class Wire:
    """A bare connection."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def read_until(self, mark):
        data = b""
        while mark not in data:
            piece = self.socket.recv(65536)
            if not piece:
                return data
            data += piece
        return data

    def read_to_end(self):
        """All bytes up to the close, and whether the close was a reset."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
            return data, False
        except ConnectionResetError:
            return data, True


def post(target, token, document, fields=()):
    """The bytes of a POST."""
    body = json.dumps(document)
    lines = [f"POST {target} HTTP/1.1", "Host: gate", "Content-Type: application/json",
             f"Content-Length: {len(body.encode())}", f"Authorization: Bearer {token}",
             *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
