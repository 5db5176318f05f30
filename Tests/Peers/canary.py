"""Secrets planted by the tests, and the search for them in everything that came out (SEC-602)."""

import base64
import json
import secrets
from urllib.parse import quote


class Canaries:
    """Random words by name. Each is long and strange enough never to occur by chance."""

    def __init__(self):
        self.words = {}

    def plant(self, name):
        """Makes a new word, to be searched for at the end."""
        self.words[name] = f"cnry{secrets.token_hex(12)}{name}".replace(" ", "")
        return self.words[name]

    def add(self, name, word):
        """Takes a secret that was made elsewhere, such as a signed token."""
        self.words[name] = word

    def forms(self):
        """Every spelling of every word: (name, kind of spelling, bytes)."""
        for name, word in self.words.items():
            for kind, spelling in spellings(word.encode()):
                yield name, kind, spelling

    def found_in(self, data):
        """Which words stand in `data`, as (name, kind of spelling)."""
        return sorted({(name, kind) for name, kind, spelling in self.forms() if spelling in data})


def spellings(word):
    yield "plain", word
    yield "upper hex", word.hex().upper().encode()
    yield "hex", word.hex().encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in word).encode()
    yield "percent upper", "".join(f"%{byte:02X}" for byte in word).encode()
    yield "percent where needed", quote(word, safe="").encode()
    yield "json escapes", "".join(f"\\u{byte:04x}" for byte in word).encode()
    yield "json string", json.dumps(word.decode())[1:-1].encode()
    yield "byte list", ", ".join(str(byte) for byte in word).encode()
    for shift in range(3):
        # A word inside a longer text starts at any of three places in a group of three bytes. Only the characters
        # that the neighbours cannot change are searched for.
        padded = b"\0" * shift + word + b"\0" * (-(shift + len(word)) % 3)
        encoded = base64.b64encode(padded)
        first = -(-shift * 8 // 6)
        last = (shift + len(word)) * 8 // 6
        yield f"base64+{shift}", encoded[first:last]
        yield f"base64url+{shift}", encoded[first:last].replace(b"+", b"-").replace(b"/", b"_")
