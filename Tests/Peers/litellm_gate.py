"""LiteLLM's gateway in front of the scripted provider, for comparison: from the package `litellm`, in an environment of
its own (`.venv-litellm`), as its pins clash with the newest client libraries."""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

from compatibility import PATIENCE
from gate import CHECKOUT, free_port

PYTHON = pathlib.Path(os.environ.get("LITELLM_PYTHON") or CHECKOUT / ".venv-litellm/bin/python")
KEY = "sk-litellm-comparison"


def missing():
    """Why it cannot be compared with; nothing when it can."""
    if not (PYTHON.parent / "litellm").exists():
        return f"no LiteLLM in {PYTHON.parent}: `make .venv-litellm/ready` installs it"
    return None


def version():
    words = [str(PYTHON), "-c", "import importlib.metadata as m; print(m.version('litellm'))"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60).stdout.strip()


class LiteLLM:
    """A running one. The two kinds of provider are spelled as its documentation has them."""

    def __init__(self, folder, upstream, seconds=120):
        folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

        def entry(pattern, model, base):
            return {"model_name": pattern, "litellm_params": {"model": model, "api_base": base, "api_key": "sk-scripted",
                                                              "timeout": PATIENCE, "stream_timeout": PATIENCE}}

        base = f"http://127.0.0.1:{upstream.port}"
        document = {
            "model_list": [entry("openai-*", "openai/openai-*", f"{base}/v1"),
                           entry("anthropic-*", "anthropic/anthropic-*", base)],
            "general_settings": {"master_key": KEY, "disable_spend_logs": True},
            # The clients do not repeat either, and its own cool-down would answer for the provider.
            "litellm_settings": {"num_retries": 0, "turn_off_message_logging": True},
            "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        }
        (folder / "litellm.yaml").write_text(json.dumps(document))  # JSON is YAML
        environment = {
            "PATH": f"{PYTHON.parent}:{os.environ['PATH']}", "HOME": str(folder), "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False",
            "DISABLE_ADMIN_UI": "True", "NO_DOCS": "True",
        }
        self.out = open(folder / "litellm.txt", "wb")
        self.process = subprocess.Popen(
            [str(PYTHON.parent / "litellm"), "--config", str(folder / "litellm.yaml"), "--host", "127.0.0.1",
             "--port", str(self.port)], stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out, env=environment,
            cwd=folder)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health/liveliness", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        self.stop()
        said = (folder / "litellm.txt").read_text(errors="replace")
        raise RuntimeError(f"LiteLLM did not start within {seconds} s:\n{said[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()
