import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

/// Requests of real clients and answers of a provider, as they were recorded.
@Suite(.enabled(if: Vectors.has("wire"), "\(Vectors.comment("wire"))"))
struct RecordedTrafficTests {
    static let files = Vectors.files("wire") {
        $0.hasSuffix(".json") && ($0.hasPrefix("openai") || $0.hasPrefix("resp"))
    }

    private func exchanges(_ file: String) throws -> [JSONValue] {
        let document = try JSONReader.read(Vectors.bytes("wire", file), depth: 256)
        return (document["vectors"]?.array ?? []).flatMap { $0["exchanges"]?.array ?? [] }
    }

    /// The usage in a document by the plain reader.
    private func usage(_ document: JSONValue) -> Usage? {
        guard let usage = document["usage"] ?? document["response.usage"], usage.object != nil else { return nil }
        return Usage(
            inputTokens: usage["prompt_tokens"]?.int ?? usage["input_tokens"]?.int,
            outputTokens: usage["completion_tokens"]?.int ?? usage["output_tokens"]?.int,
            cachedInputTokens: usage["prompt_tokens_details.cached_tokens"]?.int
                ?? usage["input_tokens_details.cached_tokens"]?.int
        )
    }

    @Test(arguments: files)
    func readsTheFactsOfEveryRequest(_ file: String) throws {
        var count = 0
        for exchange in try exchanges(file) {
            guard let body = exchange["body"], let model = body["model"]?.string else { continue }
            let bytes = JSONWriter.write(body)
            let facts = try RequestFacts(reading: bytes.span)
            #expect(facts.model == model)
            #expect(facts.stream == body["stream"]?.bool ?? false)
            #expect(facts.includeUsage == body["stream_options.include_usage"]?.bool ?? false)

            let renamed = try JSONReader.read(ModelRewriter(facts, to: "other").rewrite(bytes), depth: 256)
            #expect(renamed["model"]?.string == "other")
            #expect(
                renamed.object?.members.filter { $0.name != "model" }
                    == body.object?.members.filter { $0.name != "model" }
            )
            count += 1
        }
        #expect(count > 0)
    }

    @Test(arguments: files)
    func readsTheUsageOfEveryAnswer(_ file: String) throws {
        var count = 0
        for exchange in try exchanges(file) {
            if let text = exchange["response.sse"]?.string {
                var expected = Usage()
                for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("data: {") {
                    guard let document = try? JSONReader.read(Array(line.dropFirst(6).utf8)) else { continue }
                    expected = usage(document) ?? expected
                }
                let bytes = Array(text.utf8)
                for size in [1, 7, 1000, max(1, bytes.count)] {
                    var reader = UsageReader(.events)
                    for start in stride(from: 0, to: bytes.count, by: size) {
                        reader.feed(bytes[start..<min(start + size, bytes.count)].span)
                    }
                    #expect(reader.finish() == expected)
                }
                if !expected.isUnknown { count += 1 }
            } else if let body = exchange["response.body"], body.object != nil {
                let bytes = JSONWriter.write(body)
                var reader = UsageReader(.whole)
                reader.feed(bytes.span)
                #expect(reader.finish() == usage(body) ?? Usage())
                if usage(body) != nil { count += 1 }
            }
        }
        #expect(count > 0)
    }
}
