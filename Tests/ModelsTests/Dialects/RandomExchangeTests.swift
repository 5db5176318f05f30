import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

/// Made-up exchanges, the same in every run, through every pair of dialects.
@Suite struct RandomExchangeTests {
    static let chains: [[Exchange.Dialect]] = Exchange.Dialect.allCases.flatMap { first in
        Exchange.Dialect.allCases.flatMap { second in
            Exchange.Dialect.allCases.map { [first, second, $0] }
        }
    }

    @Test(arguments: chains) func requestsSurvive(_ chain: [Exchange.Dialect]) throws {
        for seed in 0..<60 as Range<UInt64> {
            var made = MadeUp(seed: seed)
            var bytes = JSONWriter.write(made.request())
            var dialect = Exchange.Dialect.messages
            var original: RequestGist?
            for next in chain + [chain[0]] {
                var translation = Translation(from: dialect, to: next, RecordedTranslationTests.context)
                bytes = try translation.request(bytes).bytes
                dialect = next
                let gist = RequestGist(try DialectReaders.request(JSONDocument(bytes).root, dialect))
                // From the first spelling on nothing changes.
                if let original {
                    #expect(
                        RecordedTranslationTests.comparable(gist) == RecordedTranslationTests.comparable(original),
                        "seed \(seed) in \(dialect)"
                    )
                } else {
                    original = gist
                }
            }
        }
    }

    @Test(arguments: chains) func answersSurvive(_ chain: [Exchange.Dialect]) throws {
        for seed in 0..<60 as Range<UInt64> {
            var made = MadeUp(seed: seed)
            var bytes = JSONWriter.write(made.answer())
            var dialect = Exchange.Dialect.messages
            let original = AnswerGist(try DialectReaders.answer(JSONDocument(bytes).root, dialect))
            for next in chain {
                var translation = Translation(from: next, to: dialect, RecordedTranslationTests.context)
                bytes = try translation.answer(bytes).bytes
                dialect = next
                var gist = AnswerGist(try DialectReaders.answer(JSONDocument(bytes).root, dialect))
                gist.text = gist.text.replacing("\n\n", with: "")
                gist.thoughts = gist.thoughts.replacing("\n\n", with: "")
                #expect(gist == original, "seed \(seed) in \(dialect)")
            }
        }
    }

    // SEC-507
    /// Whatever events come in whatever order, what goes out is what the dialect allows.
    @Test(arguments: Exchange.Dialect.allCases) func noOrderIsIllegal(_ dialect: Exchange.Dialect) throws {
        for seed in 0..<400 as Range<UInt64> {
            var made = MadeUp(seed: seed)
            var memory = Translation.Memory()
            memory.model = JSONText("m")
            var writer = dialect.makeEventWriter(memory, Identifiers(SeededGenerator(seed: seed)))
            var out = ByteWriter()
            for event in made.events() {
                do {
                    try writer.write(event, into: &out)
                } catch {
                    try? writer.write(.failure(Exchange.Failure(error)), into: &out)
                }
            }
            let fault = StreamOrder.fault(in: out.bytes, dialect)
            #expect(fault == nil, "seed \(seed): \(fault ?? "")\n\(String(decoding: out.bytes, as: UTF8.self))")
        }
    }

    // SEC-505
    /// A stream that was cut anywhere is never complete.
    @Test(arguments: Exchange.Dialect.allCases) func cutStreamsAreNeverComplete(_ client: Exchange.Dialect) {
        for provider in Exchange.Dialect.allCases {
            var memory = Translation.Memory()
            memory.model = JSONText("m")
            var writer = provider.makeEventWriter(memory, Identifiers(SeededGenerator(seed: 1)))
            var out = ByteWriter()
            let whole: [Exchange.Event] = [
                .thinking(JSONText("hm")), .text(JSONText("東京 😀")),
                .call(key: 0, id: JSONText("call_1"), name: JSONText("f")), .arguments(key: 0, JSONText("{\"a\":1}")),
                .stop(.toolUse, Exchange.StopDetails()), .usage(Exchange.Tokens(input: 3, output: 4)), .end,
            ]
            for event in whole { try? writer.write(event, into: &out) }
            let bytes = out.bytes
            for cut in Array(stride(from: 0, to: bytes.count, by: 11)) + [bytes.count] {
                var translator = Translation(from: client, to: provider, RecordedTranslationTests.context).stream()
                var got = ByteWriter()
                translator.feed(bytes[0..<cut].span, into: &got)
                translator.finish(into: &got)
                let isComplete = StreamOrder.isComplete(got.bytes, client)
                #expect(isComplete == (translator.failure == nil))
                #expect(StreamOrder.fault(in: got.bytes, client) == nil)
                if cut == bytes.count { #expect(isComplete, "\(provider) to \(client)") }
                if cut < bytes.count / 2 { #expect(!isComplete) }
            }
        }
    }

    /// No input is fatal: damaged documents are refused or translated, and what comes out can be read.
    @Test func damagedRequestsAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 11)
        let alphabet = Array("{}[]\",:\\u0019eE-. null".utf8)
        for seed in 0..<300 as Range<UInt64> {
            var made = MadeUp(seed: seed)
            var bytes = JSONWriter.write(made.request())
            for _ in 0..<Int.random(in: 0...3, using: &random) { bytes = random.damaged(bytes, with: alphabet) }
            for client in Exchange.Dialect.allCases {
                for provider in Exchange.Dialect.allCases {
                    var translation = Translation(from: client, to: provider, RecordedTranslationTests.context)
                    guard let written = try? translation.request(bytes) else { continue }
                    #expect(throws: Never.self) { try JSONReader.read(written.bytes, depth: 256) }
                }
            }
        }
    }
}

/// Makes exchanges up, spelled in Messages.
struct MadeUp {
    private var random: SeededGenerator
    private static let words = [
        "hello", "東京", "😀 \u{1f468}\u{200d}\u{1f469}", "\"quoted\" \\ back", "line\nline", "\u{7f}", "é", "<system>",
        "a/b",
    ]
    private var nextID = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func text() -> JSONValue {
        .string(
            (0...Int.random(in: 0...3, using: &random)).map { _ in random.one(of: Self.words, else: "") }.joined(
                separator: " "
            )
        )
    }

    private mutating func block() -> JSONValue { .members(("type", .string("text")), ("text", text())) }

    private mutating func image() -> JSONValue {
        let source: JSONValue =
            random.happens(onceIn: 2)
            ? .members(("type", .string("url")), ("url", .string("https://e/x.png")))
            : .members(
                ("type", .string("base64")),
                ("media_type", .string("image/png")),
                ("data", .string("iVBORw0KGgo="))
            )
        return .members(("type", .string("image")), ("source", source))
    }

    private mutating func input() -> JSONValue {
        .members(
            ("q", text()),
            ("n", .integer(Int.random(in: -5...5, using: &random))),
            ("deep", .array([.null, .bool(true)]))
        )
    }

    private mutating func message(_ role: String, _ content: JSONValue) -> JSONValue {
        .members(("role", .string(role)), ("content", content))
    }

    mutating func request() -> JSONValue {
        var messages: [JSONValue] = [message("user", text())]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: messages += [message("assistant", .array([block()])), message("user", .array([block(), image()]))]
            case 1: messages += [message("assistant", text()), message("system", text()), message("user", text())]
            default:
                let ids = (0...Int.random(in: 0...2, using: &random)).map { _ in
                    nextID += 1
                    return "toolu_\(nextID)"
                }
                var blocks = random.happens(onceIn: 2) ? [block()] : []
                var results: [JSONValue] = []
                for id in ids {
                    blocks.append(
                        .members(
                            ("type", .string("tool_use")),
                            ("id", .string(id)),
                            ("name", .string("f")),
                            ("input", input())
                        )
                    )
                    results.append(
                        .members(("type", .string("tool_result")), ("tool_use_id", .string(id)), ("content", text()))
                    )
                }
                if random.happens(onceIn: 2) { results.append(block()) }
                messages += [message("assistant", .array(blocks)), message("user", .array(results))]
            }
        }
        var members: [JSONObject.Member] = [
            .init(name: "model", value: .string("m")),
            .init(name: "max_tokens", value: .integer(Int.random(in: 1...9999, using: &random))),
            .init(name: "messages", value: .array(messages)),
        ]
        if random.happens(onceIn: 2) { members.append(.init(name: "system", value: .array([block(), block()]))) }
        if random.happens(onceIn: 2) {
            let schema = JSONValue.members(
                ("type", .string("object")),
                ("properties", .members(("q", .members(("type", .string("string"))))))
            )
            let tool = JSONValue.members(("name", .string("f")), ("description", text()), ("input_schema", schema))
            members.append(.init(name: "tools", value: .array([tool])))
            let choice = random.one(of: ["auto", "any", "none"], else: "auto")
            members.append(.init(name: "tool_choice", value: .members(("type", .string(choice)))))
        }
        if random.happens(onceIn: 3) {
            members.append(.init(name: "temperature", value: .number(JSONNumber(text: "0.5"))))
        }
        if random.happens(onceIn: 2) { members.append(.init(name: "stream", value: .bool(true))) }
        return .object(JSONObject(members: members))
    }

    mutating func answer() -> JSONValue {
        var content: [JSONValue] = []
        if random.happens(onceIn: 3) {
            content.append(
                .members(("type", .string("thinking")), ("thinking", .string("hm")), ("signature", .string("c2ln")))
            )
        }
        if random.happens(onceIn: 2) {
            content.append(.members(("type", .string("text")), ("text", .string("so 東京 \"it\" is"))))
        }
        var stop = random.one(of: ["end_turn", "max_tokens", "refusal"], else: "end_turn")
        for number in 0..<Int.random(in: 0...2, using: &random) {
            content.append(
                .members(
                    ("type", .string("tool_use")),
                    ("id", .string("toolu_\(number)")),
                    ("name", .string("f")),
                    ("input", input())
                )
            )
            stop = "tool_use"
        }
        let usage = JSONValue.members(
            ("input_tokens", .integer(Int.random(in: 0...99, using: &random))),
            ("cache_read_input_tokens", .integer(Int.random(in: 0...99, using: &random))),
            ("cache_creation_input_tokens", .integer(Int.random(in: 0...99, using: &random))),
            ("output_tokens", .integer(Int.random(in: 0...99, using: &random)))
        )
        return .members(
            ("id", .string("msg_1")),
            ("type", .string("message")),
            ("role", .string("assistant")),
            ("model", .string("m")),
            ("content", .array(content)),
            ("stop_reason", .string(stop)),
            ("stop_sequence", .null),
            ("usage", usage)
        )
    }

    /// Anything in any order.
    mutating func events() -> [Exchange.Event] {
        (0..<Int.random(in: 0...25, using: &random)).map { _ in
            let key = Int.random(in: 0...3, using: &random)
            switch Int.random(in: 0..<15, using: &random) {
            case 0: return .start(id: JSONText("x"), model: nil, created: 5, Exchange.Tokens(input: 4))
            case 1, 2: return .text(JSONText(random.one(of: Self.words, else: "")))
            case 3: return .refusal(JSONText("no"))
            case 4, 5: return .thinking(JSONText("hm"))
            case 6: return .signature(JSONText("c2ln"))
            case 7: return .sealedThinking(JSONText("x"))
            case 8:
                return .call(
                    key: key,
                    id: random.happens(onceIn: 2) ? JSONText("call_\(key)") : nil,
                    name: JSONText("f")
                )
            case 9: return .call(key: key, id: nil, name: nil)
            case 10: return .arguments(key: key, JSONText(random.one(of: ["{", "}", "{}", "\"a\":1", " "], else: "")))
            case 11: return .partEnd
            case 12: return .usage(Exchange.Tokens(input: 4, output: 5))
            case 13:
                return .stop(random.one(of: [.end, .toolUse, .length, .refusal], else: .end), Exchange.StopDetails())
            default:
                if random.happens(onceIn: 3) { return .end }
                return random.happens(onceIn: 9)
                    ? .failure(Exchange.Failure(status: 529, message: JSONText("busy"))) : .ping
            }
        }
    }
}
