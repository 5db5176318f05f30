"""An issuer of our own: keys, a key-set server that counts its readers, and ES256 tokens (RFC 7515, 7517, 7519)."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """`url` is the issuer's name; the key set lies at `jwks_url`."""

    audience = "api"

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.stranger = ec.generate_private_key(ec.SECP256R1())
        self.kid = "peer-1"
        self.fetches = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetches += 1
                body = json.dumps(issuer.key_set()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.jwks_url = f"{self.url}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def key_set(self):
        point = self.key.public_key().public_numbers()
        return {"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": b64(point.x.to_bytes(32, "big")), "y": b64(point.y.to_bytes(32, "big")),
        }]}

    def token(self, sub="user-1", scope="inference", life=600, key=None, header=None, **claims):
        """A signed token; a claim of `None` is left out."""
        now = int(time.time())
        body = {"iss": self.url, "aud": self.audience, "sub": sub, "scope": scope, "iat": now, "exp": now + life}
        body.update(claims)
        body = {name: value for name, value in body.items() if value is not None}
        head = {"alg": "ES256", "typ": "at+jwt", "kid": self.kid, **(header or {})}
        text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}"
        r, s = decode_dss_signature((key or self.key).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
