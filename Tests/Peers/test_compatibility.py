"""Every client library, every kind of provider, whole and streamed."""

import pytest

import compatibility
from scripted import Scripted


@pytest.fixture(scope="module")
def scripted():
    scripted = Scripted().start()
    yield scripted
    scripted.stop()


@pytest.fixture(scope="module")
def both(start, configuration, scripted):
    return start(configuration(**compatibility.configuration(scripted)))


@pytest.mark.parametrize("case", compatibility.cases(), ids=" ".join)
def test_the_client_gets_what_the_provider_says(both, token, scripted, case):
    assert compatibility.run(f"http://127.0.0.1:{both.port}", token, scripted, *case) is None
