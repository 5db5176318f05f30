"""The admin door against its own description: schemathesis makes the requests, the gate must answer as it says."""

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from test_daemon import Judge

load_all_checks()
# Every call is made with a good token and by one machine, so what other checks try would be counted as guessing.
WANTED = [check for check in CHECKS.get_all() if check.__name__ in (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection")]


@pytest.fixture(scope="module")
def described(start, configuration, tmp_path_factory):
    home, judge = tmp_path_factory.mktemp("home"), Judge()
    document = configuration(vault={"backend": "file"})
    for name in ("judge", "other"):
        document["providers"][name] = {
            "kind": "openai", "base_url": f"http://127.0.0.1:{judge.server_port}/v1", "key": f"vault:{name}"}
    gate = start(document, HOME=str(home))
    token = (home / ".ostiary" / "token").read_text().strip()
    yield schemathesis.openapi.from_url(f"http://127.0.0.1:{gate.admin}/openapi.json"), token
    judge.shutdown()


def operations(schema):
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_the_door_answers_as_it_describes_itself(described, mode):
    schema, token = described
    asked = {}
    assert len(operations(schema)) >= 18
    assert len(WANTED) == 6, [check.__name__ for check in WANTED]
    for operation in operations(schema):
        name = f"{operation.method.upper()} {operation.path}"
        statuses = asked.setdefault(name, {})

        @hypothesis.settings(max_examples=25, deadline=None, derandomize=True, database=None,
                             suppress_health_check=list(HealthCheck))
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            # Sealing would leave nothing to be asked, and a reload takes its time.
            if operation.path in ("/admin/seal", "/reload"):
                if mode == GenerationMode.NEGATIVE:
                    hypothesis.assume(isinstance(case.body, dict) and "dry_run" in case.body)
                else:
                    case.body = {"dry_run": True}
            if mode == GenerationMode.POSITIVE and "id" in (case.path_parameters or {}):
                # Somebody made up has no key; half of the time it is one who has.
                if len(str(case.path_parameters["id"])) % 2:
                    case.path_parameters["id"] = "judge"
            # A key that a provider does not take is 502 by its own description, and no fault of the gate's.
            if isinstance(case.body, dict) and case.body.get("validate") is True:
                case.body["validate"] = False
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            # The token that it made up was put aside for a good one, which is no reason to refuse.
            wrong = {str(place).lower() for place, part in case.meta.components.items()
                     if part.mode == GenerationMode.NEGATIVE}
            only_header = all("header" in place for place in wrong)
            case.validate_response(answer, checks=[check for check in WANTED if not (
                only_header and check.__name__ == "negative_data_rejection")])

        try:
            ask()
        except hypothesis.errors.Unsatisfiable:
            # Nothing wrong can be sent to a call that takes nothing.
            assert mode == GenerationMode.NEGATIVE, name
    print("\n".join(f"{name}: {statuses}" for name, statuses in asked.items()))
    assert sum(sum(statuses.values()) for statuses in asked.values()) > 100
