"""A real keyring, seen by the daemon, by Python's `keyring` and by `secret-tool`, each in both directions."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from gate import binary, environment

TOOLS = ("dbus-run-session", "gnome-keyring-daemon", "secret-tool")
pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="Scripts/install-missing keyring")

SESSION = r"""
import json, os, pathlib, sys, time
sys.path.insert(0, sys.argv[1])
import httpx, keyring, subprocess
from gate import Gate
home = pathlib.Path(os.environ["HOME"])
gate = Gate(home / "gate", json.loads(sys.argv[2]), {name: os.environ[name] for name in
            ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "LOCAL_KEY")})
gate.wait_ready()
token = (home / ".ostiary" / "token").read_text().strip()
door = httpx.Client(base_url=f"http://127.0.0.1:{gate.admin}", headers={"Authorization": f"Bearer {token}"}, timeout=20)
out = {"choice": (home / ".ostiary" / "store").read_text().strip() if (home / ".ostiary" / "store").exists() else ""}
# Theirs, read by ours.
keyring.set_password("claude-throne", "openai-api-key", "sk-python")
subprocess.run(["secret-tool", "store", "--label=x", "service", "claude-throne", "username", "groq-api-key"],
               input=b"sk-tool", check=True)
out["python"] = door.get("/credentials/openai").json()["api_key"]
out["tool"] = door.get("/credentials/groq").json()["api_key"]
# Ours, read by them.
answer = door.post("/credentials/together", json={"api_key": "sk-ours", "metadata": {"note": "x"}})
out["stored"] = [answer.status_code, answer.json()["backend"]]
out["by python"] = keyring.get_password("claude-throne", "together-api-key")
out["metadata"] = keyring.get_password("claude-throne", "together-metadata")
out["by tool"] = subprocess.run(["secret-tool", "lookup", "service", "claude-throne", "username", "together-api-key"],
                                capture_output=True, text=True).stdout
out["listed"] = [entry["id"] for entry in door.get("/credentials").json()["credentials"]]
out["rotate"] = door.post("/admin/rotate").status_code
out["deleted"] = door.delete("/credentials/together").status_code
out["afterwards"] = keyring.get_password("claude-throne", "together-api-key")
gate.stop()
print("RESULT " + json.dumps(out))
"""


def test_all_see_the_same_keys(configuration, tmp_path, provider_key):
    home = tmp_path / "home"
    for folder in (home, home / "run", home / "data"):
        folder.mkdir(mode=0o700)
    document = configuration(vault={"backend": "auto"})
    script = tmp_path / "session.py"
    script.write_text(SESSION)
    command = ("printf test-pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null; "
               'exec "$0" "$@"')
    said = subprocess.run(
        ["timeout", "-k", "1", "90", "dbus-run-session", "--", "bash", "-c", command, sys.executable, str(script),
         str(pathlib.Path(__file__).parent), json.dumps(document)],
        capture_output=True, text=True, env=environment(
            HOME=str(home), XDG_RUNTIME_DIR=str(home / "run"), XDG_DATA_HOME=str(home / "data"), LOCAL_KEY=provider_key,
            PYTHON_KEYRING_BACKEND="keyring.backends.SecretService.Keyring"))
    results = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, said.stdout[-2000:] + said.stderr[-3000:]
    out = json.loads(results[0].removeprefix("RESULT "))
    assert out["choice"] == "keyring"
    assert (out["python"], out["tool"]) == ("sk-python", "sk-tool")
    assert out["stored"] == [201, "keyring"]
    assert (out["by python"], out["by tool"]) == ("sk-ours", "sk-ours")
    assert json.loads(out["metadata"]) == {"note": "x"}
    assert out["listed"] == ["groq", "openai", "together"]
    assert out["rotate"] == 409
    assert (out["deleted"], out["afterwards"]) == (200, None)


MASTER = r"""
set -e
B=$1
printf test-pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null
cat > ostiary.yaml <<'END'
vault: {file: box/keys.json, passphrase: "keyring:vault-master"}
END
"$B" vault create --config ostiary.yaml
echo sk-1 | "$B" vault add openai --config ostiary.yaml
first=$(secret-tool lookup service claude-throne username vault-master-api-key)
"$B" vault rotate --master --config ostiary.yaml
second=$(secret-tool lookup service claude-throne username vault-master-api-key)
test "$first" != "$second" && test ${#first} = 64 && test ${#second} = 64
! grep -rq "$second" box
"$B" vault list --config ostiary.yaml | cut -f 1
secret-tool clear service claude-throne username vault-master-api-key
if "$B" vault list --config ostiary.yaml; then exit 9; fi
echo RESULT
"""


def test_the_keyring_keeps_the_master_key_of_a_sealed_store(tmp_path):
    for folder in (tmp_path / "run", tmp_path / "data"):
        folder.mkdir(mode=0o700)
    said = subprocess.run(
        ["timeout", "-k", "1", "60", "dbus-run-session", "--", "bash", "-c", MASTER, "-", binary()], cwd=tmp_path,
        capture_output=True, text=True, env=environment(
            HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path / "run"), XDG_DATA_HOME=str(tmp_path / "data")))
    assert said.returncode == 0 and said.stdout.endswith("openai\nRESULT\n"), said.stdout + said.stderr[-2000:]
    assert "there is no the master key" not in said.stderr
