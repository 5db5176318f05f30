"""The last test: no canary stands in anything that the program said (SEC-602)."""

from gate import Gate


def test_no_canary_in_any_output(canaries, outputs):
    for gate in Gate.everybody:
        gate.stop()
    assert canaries.words, "nothing was planted"
    scanned, found = 0, []
    for file in sorted(outputs.rglob("*")):
        if not file.is_file() or file.name == "ostiary.yaml":
            continue
        data = file.read_bytes()
        scanned += len(data)
        found += [f"{file.relative_to(outputs)}: {name} ({kind})" for name, kind in canaries.found_in(data)]
    print(f"canary scan: {len(canaries.words)} secrets in {scanned} bytes of output")
    assert scanned > 0
    assert not found, "\n".join(found)
