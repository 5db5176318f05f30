"""Rates and concurrency: the real client waits as long as it is told."""

import threading
import time

import openai
import pytest

import raw


@pytest.fixture(scope="module")
def strict(start, configuration):
    return start(configuration(limits={"requests_per_minute": 60, "burst": 3, "concurrent": 2}))


def connect(gate, token, retries=0):
    return openai.OpenAI(base_url=gate.base_url, api_key=token, max_retries=retries, timeout=30)


def test_the_bucket_empties(strict, issuer, ask, refusals):
    with connect(strict, issuer.token(sub="bucket")) as client:
        for _ in range(3):
            client.chat.completions.create(model="echo", messages=ask)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="echo", messages=ask)
        response = refusals(caught.value.response)
        assert caught.value.code == "rate_limit_exceeded"
        assert response.headers["Retry-After"] == "1"
        assert response.headers["X-RateLimit-Limit-Requests"] == "60"
        assert response.headers["X-RateLimit-Remaining-Requests"] == "0"
        assert response.headers["X-RateLimit-Reset-Requests"] in ("3s", "2s")


def test_the_client_waits_and_succeeds(strict, issuer, ask):
    with connect(strict, issuer.token(sub="waits"), retries=3) as client:
        for _ in range(3):
            client.chat.completions.create(model="echo", messages=ask)
        begin = time.monotonic()
        assert client.chat.completions.create(model="echo", messages=ask).choices
        assert 0.9 <= time.monotonic() - begin < 5


def test_two_tokens_of_one_caller_share_a_bucket(strict, issuer):
    tokens = [issuer.token(sub="shares", jti=str(number)) for number in range(4)]
    statuses = [raw.ask(strict.port, "GET", "/v1/models", [("Authorization", f"Bearer {token}")]).status
                for token in tokens]
    assert statuses == [200, 200, 200, 429]


def test_refused_calls_cost_nothing(strict, issuer):
    poor = issuer.token(sub="costless", scope="none")
    for _ in range(5):
        assert raw.ask(strict.port, "GET", "/v1/models", [("Authorization", f"Bearer {poor}")]).status == 403
    answer = raw.ask(strict.port, "GET", "/v1/models", [("Authorization", f"Bearer {issuer.token(sub='costless')}")])
    assert answer.status == 200 and answer.value("X-RateLimit-Remaining-Requests") == "2"


def test_streams_in_flight_are_counted_and_given_back(strict, issuer, ask, refusals, named):
    with connect(strict, issuer.token(sub="streams")) as client:
        model = named("stream-1000-10")
        open_streams = [client.chat.completions.create(model=model, messages=ask, stream=True) for _ in range(2)]
        for stream in open_streams:
            next(iter(stream))
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="echo", messages=ask)
        assert caught.value.code == "concurrency_limit_exceeded"
        assert int(refusals(caught.value.response).headers["Retry-After"]) >= 1
        for stream in open_streams:
            stream.close()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                assert client.chat.completions.create(model="echo", messages=ask).choices
                return
            except openai.RateLimitError as error:
                time.sleep(int(error.response.headers["Retry-After"]))
        raise AssertionError("the slots did not come back")


def test_failed_authentications_are_limited_by_address(start, configuration, issuer, refusals):
    limits = {"requests_per_minute": 0, "failures_per_minute": 5}
    gate = start(configuration(limits=limits))
    answers = [refusals(raw.ask(gate.port, "GET", "/v1/models", [("Authorization", f"Bearer x{number}")]))
               for number in range(8)]
    assert [answer.status for answer in answers[:5]] == [401] * 5
    assert answers[-1].status == 429 and answers[-1].code == "too_many_failures"
    assert int(answers[-1].value("Retry-After")) >= 1


def test_exactly_as_many_as_allowed_pass(start, configuration, issuer):
    gate = start(configuration(limits={"requests_per_minute": 1, "burst": 20, "concurrent": 1000}))
    token, statuses, lock = issuer.token(sub="exact"), [], threading.Lock()

    def one():
        answer = raw.ask(gate.port, "GET", "/v1/models", [("Authorization", f"Bearer {token}")])
        with lock:
            statuses.append(answer.status)

    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses.count(200), statuses.count(429)) == (20, 80)
