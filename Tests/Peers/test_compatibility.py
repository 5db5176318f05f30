"""Every client library, every kind of provider, whole and streamed."""

import itertools

import pytest

import compatibility


@pytest.fixture(scope="module")
def both(start, configuration, scripted):
    return start(configuration(**compatibility.configuration(scripted)))


@pytest.fixture(scope="module")
def results():
    """What came of each case, for the comparison behind them."""
    return {}


@pytest.mark.parametrize("case", compatibility.cases(), ids=" ".join)
def test_the_client_gets_what_the_provider_says(both, token, scripted, results, case):
    results[case] = compatibility.run(f"http://127.0.0.1:{both.port}", token, scripted, *case)
    assert results[case] is None


CLAUDE = list(itertools.product(compatibility.KINDS, compatibility.CLAUDE_SCENES))


@pytest.mark.parametrize("case", CLAUDE, ids=" ".join)
def test_claude_code_gets_on_with_every_kind_of_provider(both, token, scripted, case):
    assert compatibility.run_claude_code(f"http://127.0.0.1:{both.port}", token, scripted, *case) is None


def test_litellm_passes_no_more_of_the_same_cases(scripted, results, record_property):
    """The same clients, provider and judge through LiteLLM, in the same run. Its results are told, not demanded."""
    if len(results) < len(list(compatibility.cases())):
        pytest.skip("only some of the cases were run")
    theirs, version = compatibility.compare(scripted)
    if theirs is None:
        pytest.skip(f"THE COMPARISON WITH LITELLM IS SKIPPED: {version}")
    (ours_good, cases), (theirs_good, _) = compatibility.count(results), compatibility.count(theirs)
    record_property("LiteLLM", f"{theirs_good} of {cases}")
    print(f"of {cases} cases the gate passes {ours_good}, LiteLLM {version} {theirs_good}")
    assert ours_good >= theirs_good
