import Testing

@testable import OstiaryModels

// SEC-506
@Suite struct ForeignTextTests {
    private static func cleaned(_ text: String) -> String? {
        ForeignText.cleaned(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (
            "cannot reach postgres://admin:hunter2@db.internal/prod",
            "cannot reach postgres://[redacted]@db.internal/prod"
        ),
        ("see https://u@h/ and redis://:pw@cache:6379", "see https://[redacted]@h/ and redis://[redacted]@cache:6379"),
        ("https://a:b@c@d/x", "https://[redacted]@d/x"),
        ("GET https://api.example/v1?api_key=abc&x=1", "GET https://api.example/v1?api_key=[redacted]&x=1"),
        (
            "'https://b.example/o?X-Amz-Signature=00ff&sig=1'",
            "'https://b.example/o?X-Amz-Signature=[redacted]&sig=[redacted]'"
        ),
        ("sent Authorization: Bearer abcdefghijklmnop1234", "sent Authorization: Bearer [redacted]"),
        ("basic dXNlcjpwYXNzd29yZA==.", "basic [redacted]"),
    ])
    func hidesCredentials(_ text: String, _ expected: String) {
        #expect(Self.cleaned(text) == expected)
    }

    @Test(arguments: [
        "Traceback (most recent call last):\n  File \"/app/x.py\", line 1, in <module>\nValueError: no",
        "  File \"/srv/vllm/engine.py\", line 88, in step", "    at foo (/app/server.js:10:3)\n    at bar (x.js:1:1)",
        "    at /app/server.js:10:3", "\tat com.example.Foo.bar(Foo.java:12)", "   at Foo.Bar() in /src/Foo.cs:line 12",
        "goroutine 1 [running]:\nmain.main()", "thread 'main' panicked at src/main.rs:2:5:",
        "stack backtrace:\n   0: x",
    ])
    func removesStackTraces(_ trace: String) {
        #expect(Self.cleaned(trace) == "[stack trace removed]")
        #expect(Self.cleaned("Internal error: boom\n\(trace)") == "Internal error: boom\n[stack trace removed]")
    }

    @Test(arguments: [
        "", "The model is overloaded: try again at 10:30", "see https://platform.example/docs?topic=keys#a",
        "at least 3 messages are needed", "mail me@example.com", "a://b", "x?keys=1&tokens=5", "?", "&key=", "://", "@",
        "bearer token is missing", "max_tokens: 5 at position 3", "https://a/b@c",
    ])
    func leavesEverythingElse(_ text: String) {
        #expect(Self.cleaned(text) == nil)
    }
}
