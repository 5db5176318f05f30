import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

struct UsageReaderTests {
    private func read(_ text: String, _ layout: UsageReader.Layout, cuts: [Int] = []) -> Usage {
        let bytes = Array(text.utf8)
        var reader = UsageReader(layout)
        var start = 0
        for end in cuts + [bytes.count] {
            reader.feed(bytes[start..<end].span)
            start = end
        }
        return reader.finish()
    }

    private static let chat =
        #"{"prompt_tokens":17,"completion_tokens":9,"total_tokens":26,"prompt_tokens_details":{"cached_tokens":4}}"#
    private static let responses =
        #"{"input_tokens":17,"input_tokens_details":{"cached_tokens":4},"output_tokens":9,"total_tokens":26}"#
    private static let expected = Usage(inputTokens: 17, outputTokens: 9, cachedInputTokens: 4)

    private static let stream = [
        #"{"choices":[{"delta":{"content":"a\nb"}}],"usage":null}"#,
        #"{"choices":[{"delta":{"content":"usage"}}]}"#,
        #"{"choices":[],"usage":"# + chat + "}",
        #"{"choices":[],"usage":null}"#,
        "[DONE]",
    ]

    @Test func readsAWholeAnswer() {
        #expect(read(#"{"id":"x","usage":"# + Self.chat + "}", .whole) == Self.expected)
        #expect(read(#"{"id":"x","usage":"# + Self.responses + "}", .whole) == Self.expected)
        #expect(read(#"{"usage":{"prompt_tokens":5,"total_tokens":5}}"#, .whole) == Usage(inputTokens: 5))
    }

    @Test(arguments: ["\n", "\r\n", "\r"], ["data: ", "data:"])
    func readsAStreamCutAnywhere(_ end: String, _ field: String) {
        let text = Self.stream.map { ": note\(end)event: x\(end)\(field)\($0)\(end)\(end)" }.joined()
        #expect(read(text, .events) == Self.expected)
        for cut in 0...text.utf8.count where read(text, .events, cuts: [cut]) != Self.expected {
            Issue.record("cut at \(cut)")
        }
        #expect(read(text, .events, cuts: Array(0..<text.utf8.count)) == Self.expected)
    }

    @Test func readsTheCompletedEventOfTheResponsesAPI() {
        let text = """
            event: response.created
            data: {"type":"response.created","response":{"id":"r","usage":null}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","delta":"{\\"usage\\":{\\"input_tokens\\":1}}"}

            event: response.completed
            data: {"type":"response.completed","response":{"output":[{"usage":{"input_tokens":2}}],"usage":\(Self.responses)}}


            """
        #expect(read(text, .events) == Self.expected)
    }

    @Test func readsAMessage() {
        let usage =
            #"{"input_tokens":200,"cache_creation_input_tokens":300,"cache_read_input_tokens":1500,"output_tokens":50}"#
        let expected = Usage(inputTokens: 2000, outputTokens: 50, cachedInputTokens: 1500)
        #expect(read(#"{"type":"message","usage":\#(usage)}"#, .whole) == expected)
        // The input at the beginning, the output at the end.
        let text = """
            event: message_start
            data: {"type":"message_start","message":{"content":[],"usage":{"input_tokens":200,"cache_creation_input_tokens":300,"cache_read_input_tokens":1500,"output_tokens":1}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\"usage\\":{}"}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}


            """
        #expect(read(text, .events) == expected)
        for cut in 0...text.utf8.count where read(text, .events, cuts: [cut]) != expected {
            Issue.record("cut at \(cut)")
        }
    }

    @Test func theLastNumberWins() {
        let text =
            "data: {\"usage\":\(Self.chat)}\n\ndata: {\"usage\":{\"prompt_tokens\":20}}\n\ndata: {\"usage\":null}\n\n"
        #expect(read(text, .events) == Usage(inputTokens: 20, outputTokens: 9, cachedInputTokens: 4))
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func joinsTheDataLinesOfAnEvent(_ end: String) {
        #expect(read("data: {\"usage\":\(end)data: \(Self.chat)}\(end)\(end)", .events) == Self.expected)
        // Joined by a line feed, which may not stand inside a string.
        #expect(read("data: {\"us\ndata: age\":\(Self.chat)}\n\n", .events).isUnknown)
    }

    @Test func readsAnEventThatTheEndClosed() {
        #expect(read("data: {\"usage\":\(Self.chat)}", .events) == Self.expected)
    }

    @Test(arguments: [
        "", "not json", #"{"usage":[1]}"#, #"{"usage":{"prompt_tokens":"17"}}"#, #"{"usage":{"prompt_tokens":-1}}"#,
        #"{"usage":{"prompt_tokens":1.5}}"#, #"{"usage":{"prompt_tokens":99999999999999999999}}"#,
        #"{"usage":{"prompt_tokens":1},"usage":{"prompt_tokens":2}}"#, #"{"usage":{"prompt_tokens":1}"#,
        #"{"usage":{"prompt_tokens":1}}x"#, #"{"x":{"usage":{"prompt_tokens":1}}}"#,
    ])
    func whatCannotBeReadStaysUnknown(_ answer: String) {
        #expect(read(answer, .whole).isUnknown)
        #expect(read("data: \(answer)\n\n", .events).isUnknown)
        // And spoils nothing after it.
        #expect(read("data: \(answer)\n\ndata: {\"usage\":\(Self.chat)}\n\n", .events) == Self.expected)
    }

    @Test func passesOverEndlessLines() {
        var reader = UsageReader(.events)
        reader.feed(Array("data: {\"usage\":\(Self.chat),\"x\":\"".utf8).span)
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
        for _ in 0..<17 { reader.feed(filler.span) }
        reader.feed(Array("\"}\n\n".utf8).span)
        #expect(reader.usage.isUnknown)
        reader.feed(Array("data: {\"usage\":\(Self.chat)}\n\n".utf8).span)
        #expect(reader.finish() == Self.expected)
    }

    @Test(arguments: [
        ("prompt=67,completion=42,total=109", Usage(inputTokens: 67, outputTokens: 42)),
        (
            "prompt=67,completion=42,cached_prompt_tokens=60,uncached_prompt_tokens=7,model=a=b,cost_usd=0.1",
            Usage(inputTokens: 67, outputTokens: 42, cachedInputTokens: 60)
        ),
        (" prompt = 67 , completion=x", Usage(inputTokens: 67)),
        ("prompt=1,prompt=2,completion=-3", Usage()), ("", Usage()), (",,=,prompt", Usage()),
    ])
    func readsTheUsageField(_ value: String, _ usage: Usage) {
        #expect(UsageMetricsField.read(value.utf8) == usage)
    }

    @Test(arguments: [
        (#"{"choices":[{"index":0,"message":{"finish_reason":"no"},"finish_reason":"length"}]}"#, Exchange.Stop.length),
        (#"{"choices":[{"finish_reason":"tool_calls"},{"finish_reason":"stop"}]}"#, .toolUse),
        (#"{"choices":[{"finish_reason":"content_filter"}]}"#, .refusal),
        (#"{"choices":[{"finish_reason":"eos"}]}"#, .end), (#"{"choices":[{"finish_reason":null}]}"#, nil),
        (#"{"choices":[]}"#, nil), (#"{"choices":[[{"finish_reason":"stop"}]]}"#, nil),
        (#"{"choices":[],"finish_reason":"stop"}"#, nil), (#"{"choices":["stop"]}"#, nil),
        (#"{"type":"message","stop_reason":"model_context_window_exceeded"}"#, .contextFull),
        (#"{"stop_reason":"pause_turn"}"#, .pause), (#"{"stop_reason":null}"#, nil),
        (#"{"status":"completed","error":null}"#, .end), (#"{"status":"in_progress"}"#, nil),
        (#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}"#, .length),
        (#"{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}"#, .refusal),
        (#"{"status":"incomplete"}"#, .pause), (#"{"status":"failed"}"#, nil),
    ])
    func `says why a whole answer ended, however it is cut`(_ text: String, _ stop: Exchange.Stop?) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = UsageReader(.whole)
            let (begin, end) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            reader.feed(begin.span)
            reader.feed(end.span)
            _ = reader.finish()
            #expect(reader.stop == stop, "cut at \(cut)")
        }
    }

    @Test func `says why a stream ended, and forgets it before the next`() {
        var reader = UsageReader(.events)
        func read(_ events: [String]) -> Exchange.Stop? {
            reader.reset(.events)
            for event in events {
                let bytes = Array("data: \(event)\n\n".utf8)
                reader.feed(bytes.span)
            }
            _ = reader.finish()
            return reader.stop
        }
        #expect(
            read([
                #"{"choices":[{"delta":{"content":"x"},"finish_reason":null}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"length"}],"usage":null}"#,
                #"{"choices":[],"usage":{"prompt_tokens":1}}"#, "[DONE]",
            ]) == .length
        )
        #expect(read([#"{"choices":[{"delta":{"content":"x"},"finish_reason":null}]}"#]) == nil)
        #expect(
            read([
                #"{"type":"message_start","message":{"stop_reason":null}}"#,
                #"{"type":"content_block_delta","delta":{"type":"text_delta","text":"stop_reason"}}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
                #"{"type":"message_stop"}"#,
            ]) == .toolUse
        )
        #expect(
            read([
                #"{"type":"response.created","response":{"status":"in_progress"}}"#,
                #"{"type":"response.output_text.delta","delta":"\u0061 status"}"#,
                #"{"type":"response.output_item.done","item":{"status":"completed"}}"#,
            ]) == nil
        )
        #expect(
            read([
                #"{"type":"response.output_text.delta","delta":"a"}"#,
                #"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#,
            ]) == .length
        )
    }

    @Test(arguments: [
        (#"{"choices":[{"delta":{"content":"four"}}]}"#, 4),
        (#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#, 2),
        (#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"four"}}"#, 4),
        (#"{"type":"response.output_text.delta","delta":"four"}"#, 4),
        (#"{"choices":[{"delta":{"content":null}}]}"#, 0), (#"{"choices":[]}"#, 0),
        (#"{"choices":[{"delta":{"content":"\#(String(repeating: "x", count: 9000))"}}]}"#, 9000),
    ])
    func `weighs the text of an event`(_ event: String, _ count: Int) {
        var reader = UsageReader(.events)
        let bytes = Array("data: \(event)\n\ndata: \(event)\n\n".utf8)
        reader.feed(bytes.span)
        _ = reader.finish()
        #expect(reader.textBytes == 2 * count)
    }
}
