"""The canary scanner finds what it must find."""

import base64
import json
from urllib.parse import quote

import pytest

from canary import Canaries

WORD = "sk-cnry+/0123456789 abc~\"x"


@pytest.mark.parametrize("write", [
    lambda w: w, lambda w: w.encode().hex(), lambda w: w.encode().hex().upper(), lambda w: quote(w, safe=""), json.dumps,
    lambda w: "".join(f"\\u{ord(c):04x}" for c in w),
    lambda w: base64.b64encode(w.encode()).decode(),
    lambda w: base64.b64encode(f"user:{w}:more".encode()).decode(),
    lambda w: base64.b64encode(f"users:{w}:more".encode()).decode(),
    lambda w: base64.urlsafe_b64encode(f"a{w}".encode()).decode(),
    lambda w: str(list(w.encode())),
])
def test_finds_every_spelling(write):
    canaries = Canaries()
    canaries.add("word", WORD)
    assert canaries.found_in(b"before " + write(WORD).encode() + b" after")


def test_finds_nothing_where_nothing_is():
    canaries = Canaries()
    canaries.plant("word")
    assert not canaries.found_in(b"cnry and other text " + base64.b64encode(bytes(range(256))))
