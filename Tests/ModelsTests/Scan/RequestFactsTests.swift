import NIOCore
import OstiaryCore
import Testing

@testable import OstiaryModels

struct RequestFactsTests {
    private func facts(_ body: String) throws -> RequestFacts {
        try RequestFacts(reading: Array(body.utf8).span)
    }

    @Test func readsModelAndStream() throws {
        let facts = try facts(#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}"#)
        #expect(facts == RequestFacts(model: "gpt-4o", modelRange: 9..<17, stream: true, includeUsage: true))
    }

    @Test(arguments: [
        #"{"model":"m"}"#, #"{"model":"m","stream":false}"#, #"{"model":"m","stream":null,"stream_options":null}"#,
        #"{"model":"m","stream_options":{"include_usage":null}}"#,
        #"{"model":"m","x":{"stream":true},"messages":["stream",{"stream":true}]}"#,
    ])
    func takesNoStreamForGranted(_ body: String) throws {
        let facts = try facts(body)
        #expect(!facts.stream && !facts.includeUsage)
    }

    @Test(arguments: [
        (#"{"model":"a","model":"a"}"#, "the member model appears twice"),
        (#"{"model":"a","Model":"b"}"#, "a member is called model but for letter case (byte 20)"),
        ("                 [1]", "the body is not a JSON object (byte 17)"),
        ("", "the body is not a JSON object (byte 0)"),
        (#"{"model":"a""#, "the body ends inside its JSON (byte 12)"),
        (#"{"model":"a",}"#, "the body is not valid JSON (byte 13)"),
        (#"{"model":"\ud800"}"#, "the body escapes half a surrogate pair (byte 16)"),
        ("{}", "model is missing"),
        (#"{"model":null}"#, "model is not a string"),
        (#"{"model":["a"]}"#, "model is not a string"),
        (#"{"model":""}"#, "model is empty"),
        (#"{"model":"a\nb"}"#, "model holds a control character"),
        (#"{"model":"a\u0085b"}"#, "model holds a control character"),
        ("{\"model\":\"\(String(repeating: "m", count: 257))\"}", "model is longer than 256 bytes"),
        ("{\"model\":\"\(String(repeating: "m", count: 9000))\"}", "model is longer than 256 bytes"),
        (#"{"model":"a","stream":"yes"}"#, "stream is not a boolean"),
        (#"{"model":"a","stream_options":[]}"#, "stream_options is not an object"),
        (#"{"model":"a","stream_options":{"include_usage":1}}"#, "stream_options.include_usage is not a boolean"),
    ])
    func saysWhatIsWrong(_ body: String, _ detail: String) throws {
        let error = try #require(throws: GateError.self) { try facts(body) }
        #expect(error.code == .invalidRequest)
        #expect(error.detail == detail)
    }

    @Test func readsABodyInPieces() throws {
        let body = Array(#"{"messages":[{"content":"héllo"}],"model":"gpt-é","stream":true}"#.utf8)
        let whole = try RequestFacts(reading: body.span)
        var reader = RequestReader()
        for byte in body { try reader.feed([byte].span) }
        #expect(try reader.finish() == whole)
        #expect(whole.model == "gpt-é")
    }

    @Test(arguments: [
        (#"{"a":1.50,"model" : "old","z":"\u00e9"}"#, "new", #"{"a":1.50,"model" : "new","z":"\u00e9"}"#),
        (#"{"model":"o"}"#, "a \"b\" \\ é", #"{"model":"a \"b\" \\ é"}"#),
        (#"{"model":"longer"}"#, "s", #"{"model":"s"}"#),
    ])
    func rewritesTheNameAndNothingElse(_ body: String, _ name: String, _ expected: String) throws {
        let bytes = Array(body.utf8)
        let rewriter = ModelRewriter(try facts(body), to: name)
        #expect(String(decoding: rewriter.rewrite(bytes), as: UTF8.self) == expected)
        #expect(rewriter.growth == expected.utf8.count - body.utf8.count)

        var buffer = ByteBuffer(string: "..\(body)")
        buffer.moveReaderIndex(forwardBy: 2)
        #expect(String(buffer: rewriter.rewrite(buffer)) == expected)
        #expect(try RequestFacts(reading: rewriter.rewrite(bytes).span).model == name)
    }

    @Test func leavesATooShortBodyAlone() throws {
        let rewriter = ModelRewriter(try facts(#"{"model":"old"}"#), to: "new")
        #expect(rewriter.rewrite([1, 2]) == [1, 2])
        #expect(rewriter.rewrite(ByteBuffer(bytes: [1, 2])) == ByteBuffer(bytes: [1, 2]))
    }
}
