import OstiaryCore
import Testing

@testable import OstiaryModels

struct EchoResponsesTests {
    private static let tools = #""tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]"#

    private func play(_ members: String) -> EchoPlay { EchoPlay("{\"model\":\"echo\",\(members)}", "/v1/responses") }

    @Test func repeatsTheInput() throws {
        let value = try play(#""input":"a b","instructions":"be kind""#).value()
        #expect(value["id"]?.string == "resp_\(EchoPlay.name)")
        #expect(value["object"]?.string == "response")
        #expect(value["status"]?.string == "completed")
        #expect(
            value["output"]?.written
                == #"[{"id":"msg_000000000000000100000000000000ab","type":"message","status":"completed","#
                + #""role":"assistant","content":[{"type":"output_text","text":"a b","annotations":[],"logprobs":[]}]}]"#
        )
        #expect(
            value["usage"]?.written
                == #"{"input_tokens":4,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"#
                + #""output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":6}"#
        )
        #expect(value["instructions"]?.string == "be kind")
    }

    @Test func readsItems() throws {
        let value = try play(
            #""input":[{"role":"user","content":"x"},{"type":"reasoning","summary":[]},{"type":"message","role":"user","#
                + #""content":[{"type":"input_text","text":"one"},{"type":"input_image","image_url":"u"}]}]"#
        ).value()
        #expect(value["output.0.content.0.text"]?.string == "one")
        let result = try play(
            #""input":[{"role":"user","content":"call f {}"},{"type":"function_call","call_id":"c","name":"f","#
                + #""arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","#
                + #""text":"42"}]}],"# + Self.tools
        ).value()
        #expect(result["output.0.content.0.text"]?.string == "The tool said: 42")
    }

    @Test func streamsInTheOrderOfTheAPI() throws {
        let play = play(#""input":"a b","stream":true"#)
        let events = try play.documents()
        #expect(
            events.map { $0["type"]?.string } == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.completed",
            ]
        )
        #expect(events.map { $0["sequence_number"]?.int } == Array(0..<10))
        #expect(events.compactMap { $0["delta"]?.string }.joined() == "a b")
        let whole = try EchoPlay(#"{"model":"echo","input":"a b"}"#, "/v1/responses").value()
        #expect(events.last?["response"] == whole)
        #expect(events[0]["response.usage"] == .null)
        let frames = try #require(play.stream).frames
        #expect(String(decoding: frames[0].prefix(24), as: UTF8.self) == "event: response.created\n")
    }

    @Test func theUsageReaderUnderstandsTheStream() throws {
        var reader = UsageReader(.events)
        for frame in try #require(play(#""input":"a b","stream":true"#).stream).frames { reader.feed(frame.span) }
        #expect(reader.finish() == Usage(inputTokens: 2, outputTokens: 2, cachedInputTokens: 0))
    }

    @Test func callsFunctions() throws {
        let body = #""input":"call f {\"a\":\"some longer argument\"} and call f","# + Self.tools
        let value = try play(body).value()
        #expect(value["output"]?.array?.map { $0["type"]?.string } == ["function_call", "function_call"])
        #expect(value["output.0.arguments"]?.string == #"{"a":"some longer argument"}"#)
        #expect(value["output.1.arguments"]?.string == "{}")
        let events = try play(body + #","stream":true"#).documents()
        #expect(
            events.map { $0["type"]?.string } == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.function_call_arguments.delta", "response.function_call_arguments.delta",
                "response.function_call_arguments.delta", "response.function_call_arguments.done",
                "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done", "response.completed",
            ]
        )
        let first = events.filter { $0["output_index"]?.int == 0 }
        #expect(first.compactMap { $0["delta"]?.string }.joined() == #"{"a":"some longer argument"}"#)
        #expect(events.last?["response.output"] == value["output"])
    }

    @Test func endsIncompleteAtItsLimit() throws {
        let value = try play(#""input":"a b c","max_output_tokens":2"#).value()
        #expect(value["status"]?.string == "incomplete")
        #expect(value["incomplete_details.reason"]?.string == "max_output_tokens")
        let events = try play(#""input":"a b c","max_output_tokens":2,"stream":true"#).documents()
        #expect(events.last?["type"]?.string == "response.incomplete")
    }

    @Test func answersInTheFormAskedFor() throws {
        let value = try play(
            #""input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","required":["a"],"#
                + #""properties":{"a":{"const":7}}}}}"#
        ).value()
        #expect(value["output.0.content.0.text"]?.string == #"{"a":7}"#)
    }

    @Test(arguments: [
        (#""x":1"#, "input"), (#""input":[]"#, "input"), (#""input":[{"role":"user"}]"#, "input[0].content"),
        (#""input":"a","max_output_tokens":0"#, "max_output_tokens"),
        (#""input":"a","text":{"format":{"type":"x"}}"#, "text.format.type"),
        (#""input":"a","previous_response_id":"resp_1""#, "previous_response_id"),
        (#""input":"a","tool_choice":"auto""#, "tool_choice"),
    ])
    func refusesBadRequestsByName(_ members: String, _ parameter: String) throws {
        #expect(play(members).whole?.status == 400)
        #expect(try play(members).value()["error.param"]?.string == parameter)
    }
}
