import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

/// Recorded exchanges of real clients: written back as they were, and translated there and back with nothing lost that
/// the tables say is carried.
@Suite(.enabled(if: Vectors.has("wire"), "\(Vectors.comment("wire"))"))
struct RecordedTranslationTests {
    static let files = Vectors.files("wire") { $0.hasSuffix(".json") }

    struct Recorded {
        let name: String
        let dialect: Exchange.Dialect
        let body: JSONValue
        let answer: JSONValue?
        let stream: [UInt8]?
    }

    static func exchanges(_ file: String) throws -> [Recorded] {
        let document = try JSONReader.read(Vectors.bytes("wire", file), depth: 256)
        return (document["vectors"]?.array ?? []).flatMap { vector in
            (vector["exchanges"]?.array ?? []).compactMap { exchange -> Recorded? in
                guard let body = exchange["body"], body.object != nil, let path = exchange["path"]?.string else {
                    return nil
                }
                let dialect: Exchange.Dialect
                switch path.split(separator: "?")[0] {
                case "/v1/messages": dialect = .messages
                case "/v1/chat/completions": dialect = .chat
                case "/v1/responses": dialect = .responses
                default: return nil
                }
                let isGood = exchange["response.status"]?.int == 200
                return Recorded(
                    name: vector["name"]?.string ?? "",
                    dialect: dialect,
                    body: body,
                    answer: isGood ? exchange["response.body"].flatMap { $0.object == nil ? nil : $0 } : nil,
                    stream: exchange["response.sse"]?.string.map { Array($0.utf8) }
                )
            }
        }
    }

    static var context: Translation.Context {
        var profile = DialectProfile()
        profile.takesPrefill = true
        return Translation.Context(profile: profile, now: UnixTime(seconds: 0))
    }

    static func others(_ dialect: Exchange.Dialect) -> [Exchange.Dialect] {
        Exchange.Dialect.allCases.filter { $0 != dialect }
    }

    @Test(arguments: files) func writesRequestsBackAsTheyWere(_ file: String) throws {
        var count = 0
        for recorded in try Self.exchanges(file) {
            var translation = Translation(from: recorded.dialect, to: recorded.dialect, Self.context)
            let written = try translation.request(JSONWriter.write(recorded.body))
            var expected = recorded.body.object?.members ?? []
            expected.removeAll { $0.name == "stream" && $0.value == .bool(false) }
            let back = try JSONReader.read(written.bytes, depth: 256)
            #expect(Sorted.text(back) == Sorted.text(.object(JSONObject(members: expected))), "\(recorded.name)")
            #expect(written.losses.isEmpty)
            count += 1
        }
        #expect(count > 0)
    }

    @Test(arguments: files) func carriesRequestsThereAndBack(_ file: String) throws {
        for recorded in try Self.exchanges(file) {
            let bytes = JSONWriter.write(recorded.body)
            let original = RequestGist(try DialectReaders.request(JSONDocument(bytes).root, recorded.dialect))
            for other in Self.others(recorded.dialect) {
                var there = Translation(from: recorded.dialect, to: other, Self.context)
                var back = Translation(from: other, to: recorded.dialect, Self.context)
                let translated = try back.request(try there.request(bytes).bytes)
                var gist = RequestGist(
                    try DialectReaders.request(JSONDocument(translated.bytes).root, recorded.dialect)
                )
                if original.numbers.allSatisfy({ !$0.hasPrefix("bound") }) {
                    gist.numbers.removeAll { $0.hasPrefix("bound") }
                }
                #expect(Self.comparable(gist) == Self.comparable(original), "\(recorded.name) by \(other)")
            }
        }
    }

    /// Results come in the order of the calls, an image of a result behind it, deferred tools not at all.
    static func comparable(_ gist: RequestGist) -> RequestGist {
        var gist = gist
        gist.lines = gist.lines.filter { !$0.hasPrefix("user: Image from tool call") }.sorted()
        gist.lines = gist.lines.map { line in
            guard line.hasPrefix("result") else { return line }
            return ["\n(image follows)", "(image follows)", "Error: "].reduce(line) { $0.replacing($1, with: "") }
        }
        gist.tools.removeAll { $0.hasPrefix("DeferredToolPlaceholder") }
        return gist
    }

    @Test(arguments: files) func carriesAnswersThereAndBack(_ file: String) throws {
        var count = 0
        for recorded in try Self.exchanges(file) {
            guard let answer = recorded.answer else { continue }
            let bytes = JSONWriter.write(answer)
            var same = Translation(from: recorded.dialect, to: recorded.dialect, Self.context)
            #expect(Sorted.text(try JSONReader.read(same.answer(bytes).bytes, depth: 256)) == Sorted.text(answer))
            let original = AnswerGist(try DialectReaders.answer(JSONDocument(bytes).root, recorded.dialect))
            for other in Self.others(recorded.dialect) {
                var there = Translation(from: other, to: recorded.dialect, Self.context)
                var back = Translation(from: recorded.dialect, to: other, Self.context)
                let translated = try back.answer(try there.answer(bytes).bytes)
                var gist = AnswerGist(try DialectReaders.answer(JSONDocument(translated.bytes).root, recorded.dialect))
                if original.tokens == nil { gist.tokens = nil }
                #expect(gist == original, "\(recorded.name) by \(other)")
            }
            count += 1
        }
        #expect(count > 0 || file == "claude_code.json")
    }

    @Test(arguments: files) func carriesStreamsThereAndBack(_ file: String) throws {
        var count = 0
        for recorded in try Self.exchanges(file) {
            guard let stream = recorded.stream else { continue }
            let original = AnswerGist(stream: stream, recorded.dialect)
            for other in Exchange.Dialect.allCases {
                var (there, failure) = Self.translate(stream, from: recorded.dialect, to: other)
                if failure == nil { (there, failure) = Self.translate(there, from: other, to: recorded.dialect) }
                // What was broken off is never made whole.
                #expect(
                    (failure != nil) == (original.hasFailed || original.stop.isEmpty),
                    "\(recorded.name) by \(other)"
                )
                guard failure == nil else { continue }
                var gist = AnswerGist(stream: there, recorded.dialect)
                if original.tokens?.output == nil { gist.tokens = original.tokens }
                #expect(gist == original, "\(recorded.name) by \(other)")
            }
            count += 1
        }
        #expect(count > 0)
    }

    /// By pieces of odd sizes, which has to come to the same.
    static func translate(
        _ stream: [UInt8],
        from provider: Exchange.Dialect,
        to client: Exchange.Dialect
    ) -> ([UInt8], GateError?) {
        var results: [([UInt8], GateError?)] = []
        for size in [1, 7, max(1, stream.count)] {
            var translation = Translation(from: client, to: provider, context, random: SeededGenerator(seed: 1))
            _ = try? translation.request(
                Array(
                    #"{"model":"m","messages":[],"input":[],"max_tokens":1,"stream_options":{"include_usage":true}}"#
                        .utf8
                )
            )
            var translator = translation.stream()
            var out = ByteWriter()
            for start in stride(from: 0, to: stream.count, by: size) {
                translator.feed(stream[start..<min(start + size, stream.count)].span, into: &out)
            }
            translator.finish(into: &out)
            results.append((out.bytes, translator.failure))
        }
        #expect(results[0].0 == results[1].0 && results[1].0 == results[2].0)
        return results[2]
    }
}
