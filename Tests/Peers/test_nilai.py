"""The unmodified nilai-py 0.3.1 and nuc 0.1.0 against a gate that takes capability tokens.

They want a Python of 3.12 or newer and an openai before 2.34, which no other test has, so they run in an environment
of their own, which `make test-peers` makes where there is such a Python: `.venv-nilai`, or what OSTIARY_NILAI_PYTHON names.
"""

import json
import os
import pathlib
import secrets
import subprocess
import time

import httpx
import pytest

from gate import Gate, binary, environment

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("OSTIARY_NILAI_PYTHON", str(HERE.parent.parent / ".venv-nilai/bin/python"))

pytestmark = pytest.mark.skipif(not os.path.exists(PYTHON), reason="there is no Python 3.12 with nilai-py: SKIPPED")


class Parties:
    """The keys of an account and of a gate, and a running gate that knows both."""

    def __init__(self, folder, said, canaries, **changes):
        # What the program says is searched for the keys, so they lie elsewhere.
        self.folder = folder
        self.owner, self.gate_key = secrets.token_hex(32), secrets.token_hex(32)
        canaries.add("account's private key", self.owner)
        canaries.add("gate's private key", self.gate_key)
        for name, key in (("owner", self.owner), ("gate", self.gate_key)):
            (folder / f"{name}.key").write_text(key + "\n")
        self.owner_did, self.gate_did = self.did("owner"), self.did("gate")
        nuc = {"key": f"file:{folder}/gate.key", "accounts": [self.owner_did], "revocations": f"{folder}/nuc/revoked.json"}
        self.gate = Gate(said, {
            "identity": {"nuc": {**nuc, **changes}},
            "providers": {"echo": {"kind": "echo"}},
            "models": {"*": {"provider": "echo"}},
            # What is wrong on purpose counts as failed authentications.
            "limits": {"requests_per_minute": 6000, "burst": 1000, "concurrent": 200, "failures_per_minute": 1000},
            "journal": {"log": "json"},
        }, {})
        self.gate.wait_ready()

    def nuc(self, *words, check=True):
        done = subprocess.run([binary(), "nuc", *words], capture_output=True, text=True, env=environment(), timeout=30)
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done

    def token(self, *words):
        return self.nuc(*words).stdout.strip()

    def file(self, name, *words):
        path = self.folder / name
        path.write_text(self.token(*words))
        return str(path)

    def did(self, name):
        path = self.file(f"{name}.root", "mint", "--key", f"file:{self.folder}/{name}.key")
        return json.loads(self.token("inspect", "--file", path, "--json"))["tokens"][0]["payload"]["iss"]

    def run(self, scenario, **more):
        request = {"url": f"http://127.0.0.1:{self.gate.port}/nuc/v1/", "owner": self.owner,
                   "gate": self.gate_did.rpartition(":")[2], **more}
        done = subprocess.run([PYTHON, str(HERE / "nilai/client.py"), scenario], input=json.dumps(request),
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def parties(outputs, canaries, tmp_path_factory):
    parties = Parties(tmp_path_factory.mktemp("nilai"), outputs / "nilai", canaries)
    yield parties
    assert parties.gate.stop() == 0
    for key in (parties.owner, parties.gate_key):
        assert key not in parties.gate.said


def test_an_account_asks_with_its_own_key(parties):
    answer = parties.run("api_key")
    assert answer["whole"] == "hello" and answer["streamed"] == "hello"


def test_a_stranger_gets_nothing(parties):
    answer = parties.run("stranger")
    assert (answer["status"], answer["code"]) == (401, "nuc_root_key_signature_missing")


def test_a_delegation_is_used_up_and_renewed(parties):
    answer = parties.run("delegation")
    assert answer["answers"] == ["hello", "hello"] and answer["renewed"] == "hello"
    assert (answer["refusal"]["status"], answer["refusal"]["code"]) == (429, "usage_limit_reached")
    assert 1 <= int(answer["refusal"]["retry_after"]) <= 60, "seconds"


def test_a_delegation_ends(parties):
    answer = parties.run("expiry")
    assert answer["before"] == "hello"
    assert (answer["after"]["status"], answer["after"]["code"]) == (401, "nuc_token_expired")


def test_of_64_at_once_as_many_pass_as_may(parties):
    assert parties.run("parallel")["statuses"] == [200] * 10 + [429] * 54


def test_every_reason_is_seen_from_the_client(parties):
    answers = parties.run("chains")
    assert answers.pop("good") == {"status": 200}
    assert {name: answer["code"] for name, answer in answers.items()} == {
        "reordered": "nuc_unchained_proofs",
        "duplicated": "nuc_unchained_proofs",
        "unrelated": "nuc_unchained_proofs",
        "missing": "nuc_missing_proof",
        "forged": "nuc_invalid_signatures",
        "foreign_root": "nuc_root_key_signature_missing",
        "other_issuer": "nuc_issuer_audience_mismatch",
        "other_audience": "nuc_invalid_audience",
        "delegation": "nuc_need_invocation",
        "sideways": "nuc_command_not_attenuated",
        "expired": "nuc_token_expired",
        "widened": "nuc_usage_limit_widened",
        "malformed": "nuc_malformed",
        "private_key": "nuc_private_key",
        "placeholder": "nuc_placeholder",
    }
    assert all(answer["status"] == 401 for answer in answers.values())
    assert "openai<2.34" in answers["private_key"]["text"]
    assert not any(parties.owner in answer["text"] for answer in answers.values())


def test_tokens_of_the_command_are_good_for_nuc(parties):
    folder = parties.folder
    root = parties.file("r.txt", "mint", "--key", f"file:{folder}/owner.key")
    call = parties.token("invoke", "--key", f"file:{folder}/owner.key", "--for", parties.gate_did, "--file", root)
    assert parties.run("validate", token=call, trusted=[parties.owner_did]) == {"proofs": 1}


def test_tokens_of_nuc_are_good_for_the_command(parties):
    path = parties.folder / "made.txt"
    path.write_text(parties.run("make")["token"])
    done = parties.nuc("verify", "--config", str(parties.gate.file), "--file", str(path))
    assert parties.owner_did in done.stdout


def test_what_is_revoked_is_dead_within_a_second(parties):
    folder = parties.folder
    root = parties.file("revoke.txt", "mint", "--key", f"file:{folder}/owner.key")
    call = parties.file("call.txt", "invoke", "--key", f"file:{folder}/owner.key", "--for", parties.gate_did, "--file", root)
    config = str(parties.gate.file)
    assert parties.nuc("verify", "--config", config, "--file", call).returncode == 0
    assert parties.nuc("revoke", "--config", config, "--file", root).stdout.startswith("revoked ")
    done = parties.nuc("verify", "--config", config, "--file", call, check=False)
    assert done.returncode == 1 and "TOKEN_REVOKED" in done.stderr
    end = time.monotonic() + 10
    while time.monotonic() < end:
        answer = httpx.get(f"{parties.gate.base_url}/models",
                           headers={"authorization": f"Bearer {pathlib.Path(call).read_text()}"})
        if answer.status_code == 401:
            break
        time.sleep(0.1)
    assert answer.json()["error"]["code"] == "nuc_token_revoked"
    assert parties.run("api_key")["whole"] == "hello", "no other token of the account"


def test_a_leaf_is_good_once_where_that_is_asked_for(outputs, canaries, tmp_path):
    parties = Parties(tmp_path, outputs / "nilai-once", canaries, single_use=True)
    try:
        assert parties.run("replay") == {"statuses": [200] + [401] * 63, "codes": ["", "nuc_token_replayed"]}
        assert parties.run("api_key")["whole"] == "hello", "nilai-py makes a fresh one for every request"
    finally:
        parties.gate.stop()
