"""What a core image of a running gate holds: gdb's `gcore` as an operator would use it, and one of all its memory."""

import pathlib
import re
import shutil
import subprocess

import httpx
import pytest

from gate import binary, environment

pytestmark = pytest.mark.skipif(not shutil.which("gcore"), reason="Scripts/install-missing core-image")


USED = ("environment", "file", "stored", "command")
UNUSED = ("stored unused", "file unused")


@pytest.fixture(scope="module")
def keys(canaries):
    """Keys by where they lie."""
    return {name: "sk-" + canaries.plant(f"core {name}")
            for name in USED + UNUSED}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("core")
    home.chmod(0o700)
    return home


@pytest.fixture(scope="module")
def document(configuration, upstream, keys, home):
    """A source of every local kind, and keys in the store and the folders that no provider names."""
    for name in ("file", "file unused"):
        file = home / name.replace(" ", "-")
        file.touch(mode=0o600)
        file.write_text(keys[name] + "\n")
    script = home / "helper"
    script.touch(mode=0o700)
    script.write_text(f"#!/bin/sh\ncat {home}/helped\n")
    (home / "helped").touch(mode=0o600)
    (home / "helped").write_text(keys["command"] + "\n")
    store = ("--file", str(home / "box" / "keys.json"), "--key-file", str(home / "key" / "key"))

    def run(*words, given=""):
        subprocess.run([binary(), "vault", *words, *store], input=given, text=True, check=True, capture_output=True,
                       env=environment(HOME=str(home)))

    run("create")
    run("add", "stored", given=keys["stored"] + "\n")
    run("add", "unused", given=keys["stored unused"] + "\n")
    places = {"environment": "env:CORE_KEY", "file": f"file:{home}/file", "stored": "vault:stored",
              "command": {"exec": {"command": [str(script)]}}}
    return configuration(
        vault={"file": store[1], "key_file": store[3]},
        providers={name: {"kind": "openai", "base_url": upstream.base_url, "key": key}
                   for name, key in places.items()},
        models={f"ok.{name}": {"provider": name} for name in places})


@pytest.fixture(scope="module")
def gate(start, document, keys, home):
    return start(document, HOME=str(home), CORE_KEY=keys["environment"])


@pytest.fixture(scope="module")
def idle(start, document, keys, home):
    """Another one that nobody calls."""
    return start(document, HOME=str(home), CORE_KEY=keys["environment"])


@pytest.fixture(scope="module")
def secrets_of_the_store(gate, home):
    """The master key as it lies in its file, and as bytes."""
    digits = (home / "key" / "key").read_text().strip()
    return [digits.encode(), digits.upper().encode(), bytes.fromhex(digits)]


@pytest.fixture(scope="module")
def used(gate, token, upstream):
    """Has every key lent some times over."""
    with httpx.Client(base_url=gate.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        for _ in range(20):
            for name in USED:
                answer = client.post("/chat/completions", json={
                    "model": f"ok.{name}", "messages": [{"role": "user", "content": "hello"}]})
                assert answer.status_code == 200, answer.text


def image(gate, folder, *options):
    """The process's memory, as gdb writes it."""
    words = [word for option in options for word in ("-ex", option)]
    said = subprocess.run(["gdb", "--batch", "-nx", "-p", str(gate.process.pid), *words, "-ex", f"gcore {folder}/core"],
                          capture_output=True, text=True, timeout=300)
    core = pathlib.Path(folder) / "core"
    if not core.exists():
        pytest.skip(f"this machine lets nobody look into processes: {said.stderr[-300:]}")
    data = core.read_bytes()
    core.unlink()
    assert len(data) > 1 << 20
    return data


# SEC-404
def test_a_core_image_holds_no_key_that_is_not_lent(gate, used, keys, secrets_of_the_store, tmp_path):
    data = image(gate, tmp_path)
    # It is the gate's memory: what it says about itself is in it.
    assert str(gate.port).encode() in data
    found = [name for name in UNUSED if keys[name].encode() in data]
    assert not found, found
    # Nor what opens the store, in any spelling of it.
    assert not any(spelling in data for spelling in secrets_of_the_store)


# SEC-404: even where the kernel's word on what is to be left out counts for nothing.
def test_all_memory_holds_no_key_that_is_not_lent(gate, used, keys, tmp_path):
    data = image(gate, tmp_path, "set use-coredump-filter off", "set dump-excluded-mappings on")
    # Proof that the search finds what is there.
    assert all(keys[name].encode() in data for name in USED)
    found = [name for name in UNUSED if keys[name].encode() in data]
    assert not found, found


def test_a_core_image_of_a_gate_that_has_lent_nothing_holds_no_key_that_it_read(idle, keys, secrets_of_the_store, tmp_path):
    """What is read and kept lies in pages that are left out; only what went to a provider was ever elsewhere."""
    data = image(idle, tmp_path)
    assert str(idle.port).encode() in data
    # A variable was text before it was a secret, and what a command prints passes through a library's buffer: both may
    # leave bytes behind (docs/threat-model.md).
    found = [name for name in ("file", "stored") + UNUSED if keys[name].encode() in data]
    assert not found, found
    assert not any(spelling in data for spelling in secrets_of_the_store)


def test_the_pages_of_the_keys_are_locked_and_left_out(gate, used):
    """What the kernel itself says of the mappings: locked, not dumped, not inherited."""
    maps = pathlib.Path(f"/proc/{gate.process.pid}/smaps").read_text()
    flags = [set(line.split()[1:]) for line in maps.splitlines() if line.startswith("VmFlags:")]
    secret = [flag for flag in flags if "dd" in flag and "lo" in flag]
    assert secret, "no mapping is both locked and left out of core images"
    status = pathlib.Path(f"/proc/{gate.process.pid}/status").read_text()
    assert re.search(r"VmLck:\s+[1-9]", status)
    limits = pathlib.Path(f"/proc/{gate.process.pid}/limits").read_text()
    assert re.search(r"Max core file size\s+0\s+0", limits)


def test_neighbours_have_no_key_in_their_arguments_or_environments(gate, used, keys):
    """Whoever else runs, the gate's own children among them."""
    own = [key.encode() for key in keys.values()]
    seen = 0
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        for name in ("cmdline", "environ"):
            try:
                data = (folder / name).read_bytes()
            except OSError:
                continue
            seen += 1
            assert not any(key in data for key in own), (folder.name, name)
    assert seen > 10
