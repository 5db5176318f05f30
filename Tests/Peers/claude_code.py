"""Claude Code itself: the program inside the package claude-agent-sdk, with a home of its own and nothing but loopback."""

import json
import os
import pathlib
import subprocess

import claude_agent_sdk

PROGRAM = pathlib.Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"

QUIET = {
    "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_BUG_COMMAND": "1",
    # Whatever is not on this machine is not there: nothing but loopback goes without a proxy, and there is none.
    "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost",
}


class Run:
    """What a run came to."""

    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    @property
    def text(self):
        return json.loads(self.out)["result"]


class ClaudeCode:
    """One installation below `folder`."""

    def __init__(self, folder, gate_url):
        self.home = pathlib.Path(folder) / "home"
        self.project = pathlib.Path(folder) / "project"
        for path in (self.home / ".claude", self.project):
            path.mkdir(parents=True, exist_ok=True)
        self.gate_url = gate_url

    def settings(self, **members):
        (self.home / ".claude" / "settings.json").write_text(json.dumps(members))

    def run(self, prompt, *arguments, seconds=60, **variables):
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "ANTHROPIC_BASE_URL": self.gate_url, **QUIET,
            **variables,
        }
        process = subprocess.run(
            [str(PROGRAM), "-p", prompt, "--output-format", "json", *arguments], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=seconds, env=environment, cwd=self.project)
        return Run(process)
