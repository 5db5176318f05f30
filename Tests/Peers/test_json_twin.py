"""SEC-112: the gate and Python read the same bodies, but for what is listed.

Every document stands as one member of an otherwise good request, so that the gate has to read past it to know that the
request is sound. Accepted means that the provider got the body, unchanged.
"""

import json
import random
import re
import uuid

import pytest

import raw

CHAT = "/v1/chat/completions"
DEEPEST = 64  # The request's own object is the first level.


def depth(text):
    """How deep the brackets of a text without strings are nested."""
    level = most = 0
    for letter in re.sub(r'"(\\.|[^"\\])*"', "", text):
        level += (letter in "[{") - (letter in "]}")
        most = max(most, level)
    return most


def is_lonely(value):
    """Whether a text in it holds half of a surrogate pair, which Python lets pass."""
    if isinstance(value, str):
        return any(0xD800 <= ord(letter) <= 0xDFFF for letter in value)
    if isinstance(value, dict):
        return any(is_lonely(name) or is_lonely(below) for name, below in value.items())
    return isinstance(value, list) and any(is_lonely(below) for below in value)


def refuse(word):
    raise ValueError(word)


def python_accepts(document):
    """Python's verdict, without what it allows beyond RFC 8259: NaN and Infinity, and halves of surrogate pairs. Members
    that occur twice pass in both, where the gate decides nothing by them."""
    try:
        text = document.decode("utf-8")
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return not is_lonely(value) and depth(text) <= DEEPEST


FIXED = [
    b"null", b"true", b"0", b"-0", b"1e5", b"1E+5", b"-1.5e-3", b'""', b"[]", b"{}", b'"\\u0000"', b'"\\ud83d\\ude00"',
    b'{"a":1,"a":2}', b'{"a":{"b":[1,2,{"c":null}]}}', "\"é😀\u2028\"".encode(), b"123456789012345678901234567890", b"1e400",
    b"\x7f", b'"\x7f"', b"[" * 63 + b"]" * 63, b"[" * 64 + b"]" * 64, b"[" * 5000, b"[" * 5000 + b"]" * 5000,
    b"NaN", b"Infinity", b"-Infinity", b"nan", b"True", b"None", b"undefined", b"01", b"+1", b".5", b"1.", b"1.e1", b"1e",
    b"0x1", b"1_000", b"'a'", b'"a', b'"\n"', b'"\t"', b'"\x00"', b'"\\x41"', b'"\\u12"', b'"\\ud83d"', b'"\\ude00"',
    b'"\\ud83d\\u0041"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xf5\x80\x80\x80"', b"\xef\xbb\xbf1", b"[1,]",
    b"[,1]", b"[1 2]", b'{"a":1,}', b"{a:1}", b'{"a" 1}', b"{1:1}", b"[1", b'{"a":', b"[}", b"// c\n1", b"/* c */1", b"#1",
    b"\xa01", b"\xc2\xa01", b"\x0b1", b"\x0c1", b"", b" ", b"1 1", b"]", b"}",
]


def made_up(generator):
    """A document of the grammar, with a few of its bytes changed in two of three cases."""
    def value(deep):
        kind = generator.randrange(7 if deep else 4)
        if kind == 0:
            return generator.choice(["null", "true", "false"])
        if kind in (1, 2):
            return generator.choice(["0", "-1", "1.5", "2e3", "-7E-2", "12345678901234567890"])
        if kind == 3:
            return json.dumps("".join(generator.choice('a"\\/\n\u00e9\u2028\U0001f600{]') for _ in range(4)),
                              ensure_ascii=generator.random() < 0.5)
        items = [value(deep - 1) for _ in range(generator.randrange(4))]
        if kind < 6:
            return "[" + ",".join(items) + "]"
        return "{" + ",".join(f'"k{number}" : {item}' for number, item in enumerate(items)) + "}"

    document = bytearray(value(4).encode())
    for _ in range(generator.randrange(3)):
        place = generator.randrange(len(document) + 1)
        octet = generator.choice(b'{}[]",:\\u019eE.-+tn \n\x00\x7f\xc3\xff')
        if generator.random() < 0.5 and place < len(document):
            document[place] = octet
        elif generator.random() < 0.5 and place < len(document):
            del document[place]
        else:
            document.insert(place, octet)
    return bytes(document)


def wrapped(document, model="m"):
    return b'{"model":"%s","extra":%s,"messages":[]}' % (model.encode(), document)


@pytest.fixture(scope="module")
def accepts(gate, token, upstream):
    def accepts(document):
        model = f"ok.{uuid.uuid4().hex[:12]}"
        body = wrapped(document, model)
        answer = raw.ask(gate.port, "POST", CHAT, [("Authorization", f"Bearer {token}"),
                                                   ("Content-Type", "application/json")], body)
        assert answer.status in (200, 400), (document[:80], answer.status)
        got = upstream.of(model)
        assert [request.body for request in got] == ([body] if answer.status == 200 else []), document[:80]
        return answer.status == 200
    return accepts


@pytest.mark.parametrize("document", FIXED, ids=lambda document: ascii(document[:24]))
def test_the_list_is_the_whole_difference(accepts, document):
    assert accepts(document) == python_accepts(wrapped(document))


def test_made_up_documents(accepts):
    generator, verdicts = random.Random(112), {True: 0, False: 0}
    for _ in range(600):
        document = made_up(generator)
        expected = python_accepts(wrapped(document))
        assert accepts(document) == expected, document
        verdicts[expected] += 1
    assert min(verdicts.values()) > 50, verdicts
