"""A provider that fails, hangs, talks nonsense or leaves early: another one's answer reaches the client, and it is counted."""

import itertools
import re

import pytest

import compatibility
from scripted import TEXT, USAGE
from test_leaving import wait_for

# What happens before the first byte of an answer; behind it nobody else can be asked.
FAULTS = ("fail", "overloaded", "limited", "page", "garbage", "hang", "close", "refused-key")
CASES = list(itertools.product(compatibility.CLIENTS, compatibility.KINDS, compatibility.MODES, FAULTS))
OTHER = {"openai": "anthropic", "anthropic": "openai"}


@pytest.fixture(scope="module")
def pair(start, configuration, scripted):
    """Each provider's models that fail, with a good one of the other kind behind."""
    document = compatibility.configuration(scripted)
    for kind, fault in itertools.product(compatibility.KINDS, FAULTS):
        document["models"][f"{kind}-to-{fault}"] = {
            "provider": kind, "name": f"{kind}-{fault}.first",
            "others": [{"provider": OTHER[kind], "name": f"{OTHER[kind]}-text.second"}]}
    return start(configuration(**document))


def fallbacks(gate):
    return sum(int(number) for number in re.findall(r"^gw_model_fallbacks_total\S* (\d+)", gate.metrics(), re.M))


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_another_provider_answers(pair, token, scripted, case):
    client, kind, mode, fault = case
    before = fallbacks(pair)
    asked = {name: len(scripted.of(name)) for name in (f"{kind}-{fault}.first", f"{OTHER[kind]}-text.second")}
    url = f"http://127.0.0.1:{pair.port}"
    got = compatibility.ASK[client](url, token, f"{kind}-to-{fault}", mode == "streamed", fault)
    assert (got.text, got.usage) == (TEXT, USAGE)
    assert [len(scripted.of(name)) - count for name, count in asked.items()] == [1, 1]
    assert fallbacks(pair) == before + 1
    name = scripted.of(f"{OTHER[kind]}-text.second")[-1].values("x-request-id")[0]

    def entry():
        return next((line for line in pair.log if line.get("id") == name), None)

    assert wait_for(entry), "there is no line in the log"
    line = entry()
    assert (line["status"], line["provider"]) == (200, OTHER[kind])


@pytest.mark.parametrize("fault", FAULTS)
def test_without_another_one_the_failure_is_counted(pair, token, scripted, fault):
    def counted():
        lines = [line for line in pair.metrics().splitlines() if line.startswith("gw_requests_total{")]
        return sum(int(line.split()[-1]) for line in lines if 'model="openai-*"' in line and 'status="200"' not in line)

    before = counted()
    result = compatibility.run(f"http://127.0.0.1:{pair.port}", token, scripted, "messages", "openai", "whole", fault)
    assert result is None and counted() == before + 1
