import OstiaryCore
import Testing

@testable import OstiaryVault

private func text(_ secret: borrowing Secret?) -> String? {
    switch secret {
    case .some(let secret):
        secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    case .none: nil
    }
}

private func document(_ text: String) -> SecretDocument? { SecretDocument(Array(text.utf8)) }

@Suite struct SecretDocumentTests {
    @Test func takesOutWhatIsAskedFor() throws {
        let found = try #require(
            document(#" {"a":{"b":[1,{"k":"no"}],"k":"sk-1"},"n":-1.5e2,"t":true,"s":"x","d":"1","d":"2"} "#)
        )
        #expect(text(found.secret("a", "k")) == "sk-1")
        #expect(found.number("n") == -150)
        #expect(found.isTrue("t"))
        #expect(found.text("s") == "x")
        #expect(text(found.bytes(["n"])) == "-1.5e2")
        for path in ["missing", "t", "a", "n"] { #expect(text(found.secret(path)) == nil) }
        // Two of one name are none.
        #expect(text(found.secret("d")) == nil)
    }

    @Test func resolvesEscapes() throws {
        let found = try #require(document(#"{"k":"a\"\\\/\n\u00e9\ud83e\udd89z","\u006b2":"v"}"#))
        #expect(text(found.secret("k")) == "a\"\\/\né🦉z")
        #expect(text(found.secret("k2")) == "v")
        #expect(text(document(#"{"k":"\ud83e"}"#)?.secret("k") ?? nil) == nil)
        #expect(text(document(#"{"k":"\ud83ex"}"#)?.secret("k") ?? nil) == nil)
    }

    @Test(arguments: [
        "", "[]", "\"x\"", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":"x}"#, #"{"a":1} x"#, #"{"a":tru}"#,
        #"{"a":"\u00g0"}"#, "{\"a\":\"\n\"}", #"{"a":[1 2]}"#, #"{a:1}"#, #"{"a":"\"#,
    ])
    func refusesWhatIsNoObject(_ text: String) {
        #expect(document(text) == nil)
    }

    @Test func refusesWhatIsNestedTooDeeply() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(document("{\"a\":\(deep)") == nil)
        #expect(
            document("{\"a\":" + String(repeating: "[", count: 20) + String(repeating: "]", count: 20) + "}") != nil
        )
    }

    @Test func readsNothingBeyondItsEndWhateverIsCutOff() throws {
        let whole = Array(#"{"data":{"data":{"k":"a\ud83e\udd89"},"n":12},"t":true}"#.utf8)
        for end in 0..<whole.count { #expect(SecretDocument(Array(whole[..<end])) == nil) }
    }

    @Test(
        arguments: [
            ("2026-11-22T01:02:03Z", 1_795_309_323), ("2026-11-22t01:02:03.999z", 1_795_309_323),
            ("2026-11-22T03:02:03+02:00", 1_795_309_323), ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400),
        ] as [(String, Double)]
    )
    func readsMoments(_ text: String, _ seconds: Double) {
        #expect(Instant.parse(text) == UnixTime(seconds: seconds))
    }

    @Test(arguments: ["", "2026-11-22", "2026-11-22T01:02:03", "2026-13-22T01:02:03Z", "2026-11-22T25:02:03Z", "x"])
    func refusesWhatIsNoMoment(_ text: String) {
        #expect(Instant.parse(text) == nil)
    }

    @Test func writesBase64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            #expect(Base64.encode(Array(bytes.utf8)) == Array(text.utf8))
        }
    }
}
