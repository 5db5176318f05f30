"""Uses the unmodified nilai-py and nuc as their readers do; runs in a Python of its own, as nilai-py wants one of 3.12
or newer and an openai before 2.34.

    client.py SCENARIO < request.json > answer.json
"""

import concurrent.futures
import datetime
import json
import sys
import time

# nilai-py prints as it goes; the answer is what goes to the real standard output.
answer, sys.stdout = sys.stdout, sys.stderr

import httpx
import openai
from nilai_py import AuthType, Client, DelegationServerConfig, DelegationTokenServer
from nuc.builder import NucTokenBuilder
from nuc.envelope import NucTokenEnvelope
from nuc.token import Command, DelegationBody, Did, InvocationBody
from nuc.validate import InvocationRequirement, NucTokenValidator, ValidationParameters
from secp256k1 import PrivateKey

QUESTION = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def did(key):
    return Did(key.pubkey.serialize())


def connect(request, auth=AuthType.API_KEY, **options):
    if auth == AuthType.API_KEY:
        options.setdefault("api_key", request["owner"])
    return Client(base_url=request["url"], auth_type=auth, max_retries=0, **options)


def say(client):
    return client.chat.completions.create(**QUESTION).choices[0].message.content


def refusal(action):
    try:
        action()
    except openai.APIStatusError as error:
        return {"status": error.status_code, "code": error.code, "retry_after": error.response.headers.get("retry-after"),
                "text": str(error)}
    return {"status": 200}


def send(request, token):
    """One request with a token of our own making."""
    client = openai.OpenAI(base_url=request["url"], api_key=token, max_retries=0)
    return refusal(lambda: client.chat.completions.create(**QUESTION))


def api_key(request):
    client = connect(request)
    stream = client.chat.completions.create(**QUESTION, stream=True)
    streamed = "".join(piece.choices[0].delta.content or "" for piece in stream if piece.choices)
    return {"whole": say(client), "streamed": streamed, "models": [model.id for model in client.models.list().data][:3]}


def stranger(request):
    return refusal(lambda: say(connect(request, api_key=PrivateKey().private_key.hex())))


def delegated(request, **config):
    server = DelegationTokenServer(
        private_key=request["owner"],
        config=DelegationServerConfig(**{"expiration_time": 60, "token_max_uses": 1, **config}),
    )
    client = connect(request, AuthType.DELEGATION_TOKEN)
    client.update_delegation(server.create_delegation_token(client.get_delegation_request()))
    return client, server


def delegation(request):
    client, server = delegated(request, token_max_uses=2)
    first = [say(client), say(client), refusal(lambda: say(client))]
    client.update_delegation(server.create_delegation_token(client.get_delegation_request()))
    return {"answers": first[:2], "refusal": first[2], "renewed": say(client)}


def expiry(request):
    client, _ = delegated(request, expiration_time=3, token_max_uses=100)
    before = say(client)
    time.sleep(3.1)
    return {"before": before, "after": refusal(lambda: say(client))}


def parallel(request):
    client, _ = delegated(request, token_max_uses=10)
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: refusal(lambda: say(client)), range(64)))
    return {"statuses": sorted(answer["status"] for answer in answers)}


def root(owner, command="/nil/ai/generate", seconds=3600):
    body = NucTokenBuilder.delegation([]).audience(did(owner)).subject(did(owner)).command(Command(command.split("/")[1:]))
    return NucTokenEnvelope.parse(body.expires_at(after(seconds)).build(owner))


def after(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def handed_on(parent, key, to, command="/nil/ai/generate", meta=None):
    builder = NucTokenBuilder.extending(parent).body(DelegationBody([])).audience(did(to))
    builder = builder.command(Command(command.split("/")[1:]))
    if meta:
        builder = builder.meta(meta).expires_at(after(3600))
    return NucTokenEnvelope.parse(builder.build(key))


def invoked(parent, key, to):
    return NucTokenBuilder.extending(parent).body(InvocationBody(args={})).audience(to).build(key)


def chains(request):
    """A chain of three delegations, and what is wrong with others, as nuc 0.1.0 makes them."""
    owner = PrivateKey(bytes.fromhex(request["owner"]))
    a, b, stranger = PrivateKey(), PrivateKey(), PrivateKey()
    gate = Did(bytes.fromhex(request["gate"]))
    top = root(owner)
    first = handed_on(top, owner, a)
    second = handed_on(first, a, b)
    good = invoked(second, b, gate)
    leaf, *proofs = good.split("/")
    narrow = handed_on(top, owner, a, meta={"usage_limit": 1})
    wide = handed_on(narrow, a, b, meta={"usage_limit": 100})
    bit = "A" if leaf[-10] != "A" else "B"
    tokens = {
        "good": good,
        "reordered": "/".join([leaf, proofs[1], proofs[0], proofs[2]]),
        "duplicated": "/".join([leaf, *proofs, proofs[-1]]),
        "unrelated": "/".join([leaf, *proofs, root(stranger).serialize()]),
        "missing": "/".join([leaf, *proofs[:-1]]),
        "forged": "/".join([leaf[:-10] + bit + leaf[-9:], *proofs]),
        "foreign_root": invoked(root(stranger), stranger, gate),
        "other_issuer": invoked(second, stranger, gate),
        "other_audience": invoked(second, b, did(a)),
        "delegation": second.serialize(),
        "sideways": invoked(root(owner, "/nil/db"), owner, gate),
        "expired": invoked(root(owner, seconds=-1), owner, gate),
        "widened": invoked(wide, b, gate),
        "malformed": good[:-1] + "=",
        "private_key": request["owner"],
        "placeholder": "<placeholder>",
    }
    return {name: send(request, token) for name, token in tokens.items()}


def replay(request):
    owner = PrivateKey(bytes.fromhex(request["owner"]))
    token = invoked(root(owner), owner, Did(bytes.fromhex(request["gate"])))
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: send(request, token), range(64)))
    return {"statuses": sorted(answer["status"] for answer in answers), "codes": sorted({a.get("code") or "" for a in answers})}


def validate(request):
    """Tokens that `ostiary nuc` made, by nuc's own validator."""
    envelope = NucTokenEnvelope.parse(request["token"])
    parameters = ValidationParameters.default()
    parameters.token_requirements = InvocationRequirement(Did(bytes.fromhex(request["gate"])))
    NucTokenValidator([Did.parse(name) for name in request["trusted"]]).validate(envelope, context={}, parameters=parameters)
    return {"proofs": len(envelope.proofs)}


def make(request):
    """A token of nuc's, for `ostiary nuc` to read."""
    owner = PrivateKey(bytes.fromhex(request["owner"]))
    return {"token": invoked(handed_on(root(owner), owner, owner), owner, Did(bytes.fromhex(request["gate"])))}


SCENARIOS = [api_key, stranger, delegation, expiry, parallel, chains, replay, validate, make]

if __name__ == "__main__":
    scenario = {function.__name__: function for function in SCENARIOS}[sys.argv[1]]
    json.dump(scenario(json.load(sys.stdin)), answer)
