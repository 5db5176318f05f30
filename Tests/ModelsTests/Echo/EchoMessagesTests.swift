import OstiaryCore
import Testing

@testable import OstiaryModels

private let tools =
    #""tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string","enum":["Paris"]}},"required":["city"]}},{"type":"web_search_20250305","name":"web_search"}]"#

struct EchoMessagesTests {
    private func play(_ body: String) -> EchoPlay { EchoPlay(body, "/v1/messages") }

    @Test func repeatsTheLastUser() throws {
        let value = try play(
            #"{"model":"echo","max_tokens":100,"system":"be brief","messages":[{"role":"user","content":"first"},"#
                + #"{"role":"system","content":"a note"},{"role":"assistant","content":"x"},"#
                + #"{"role":"user","content":[{"type":"text","text":"hello there, \u6771\u4eac!"}]}]}"#
        ).value()
        #expect(
            value.written
                == #"{"id":"msg_000000000000000100000000000000ab","type":"message","role":"assistant","model":"echo","#
                + #""content":[{"type":"text","text":"hello there, 東京!"}],"stop_reason":"end_turn","stop_sequence":null,"#
                + #""stop_details":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"#
                + #""cache_read_input_tokens":0,"output_tokens":3,"service_tier":"standard"}}"#
        )
    }

    @Test func streamsInTheOrderOfTheAPI() throws {
        let play = play(
            #"{"model":"echo","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"one two"}]}"#
        )
        #expect(play.stream?.ending == .complete)
        let events = try play.documents()
        #expect(
            events.compactMap { $0["type"]?.string } == [
                "message_start", "content_block_start", "content_block_delta", "content_block_delta",
                "content_block_stop", "message_delta", "message_stop",
            ]
        )
        for (frame, event) in zip(try #require(play.stream).frames, events) {
            let name = try #require(event["type"]?.string)
            #expect(String(decoding: frame, as: UTF8.self).hasPrefix("event: \(name)\ndata: "))
        }
        #expect(events[0]["message.usage.input_tokens"]?.int == 2)
        #expect(events[0]["message.stop_reason"] == .null)
        #expect(events[2]["delta"]?.written == #"{"type":"text_delta","text":"one"}"#)
        #expect(events[5]["delta.stop_reason"]?.string == "end_turn")
        #expect(events[5]["usage.input_tokens"]?.int == 2)
        #expect(events[5]["usage.output_tokens"]?.int == 2)
    }

    @Test func callsATool() throws {
        let body =
            #""model":"echo","max_tokens":9,"messages":[{"role":"user","content":"call get_weather {\"city\":\"Rome\"}"}],"#
            + tools
        let value = try play("{\(body)}").value()
        #expect(
            value["content"]?.written
                == #"[{"type":"tool_use","id":"call_\#(EchoPlay.name)_0","name":"get_weather","input":{"city":"Rome"}}]"#
        )
        #expect(value["stop_reason"]?.string == "tool_use")
        let events = try play("{\(body),\"stream\":true}").documents()
        #expect(events[1]["content_block.input"]?.written == "{}")
        let pieces = events.compactMap { $0["delta.partial_json"]?.string }
        #expect(pieces.joined() == #"{"city":"Rome"}"#)
        #expect(pieces.count > 1)
    }

    @Test(arguments: [#"{"type":"any"}"#, #"{"type":"tool","name":"get_weather"}"#])
    func callsAToolThatIsDemanded(_ choice: String) throws {
        let value = try play(
            #"{"model":"echo","max_tokens":9,"tool_choice":\#(choice),"messages":[{"role":"user","content":"x"}],\#(tools)}"#
        ).value()
        #expect(value["content.0.input"]?.written == #"{"city":"Paris"}"#)
    }

    @Test func answersAResultWithText() throws {
        let value = try play(
            #"{"model":"echo","max_tokens":9,"messages":[{"role":"user","content":"call get_weather"},"#
                + #"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"get_weather","input":{}}]},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"18 C"}]}]},"#
                + #"{"role":"system","content":"a note"}],\#(tools)}"#
        ).value()
        #expect(value["content.0.text"]?.string == "The tool said: 18 C")
    }

    @Test func stopsWhereItIsTold() throws {
        func answer(_ more: String) throws -> JSONValue {
            try play(#"{"model":"echo",\#(more),"messages":[{"role":"user","content":"one two three"}]}"#).value()
        }
        let cut = try answer(#""max_tokens":2"#)
        #expect(cut["stop_reason"]?.string == "max_tokens")
        #expect(cut["content.0.text"]?.string == "one two")
        let stopped = try answer(#""max_tokens":9,"stop_sequences":["three","two"]"#)
        #expect(stopped["stop_reason"]?.string == "stop_sequence")
        #expect(stopped["stop_sequence"]?.string == "two")
        #expect(stopped["content.0.text"]?.string == "one ")
    }

    @Test(arguments: [
        (#"{"model":"echo","messages":[]}"#, 400, "invalid_request_error"),
        (#"{"model":"echo","max_tokens":1}"#, 400, "invalid_request_error"),
        (#"{"model":"echo","messages":[{"role":"user","content":"x"}]}"#, 400, "invalid_request_error"),
        (#"{"model":"echo","max_tokens":1,"messages":[{"role":"tool","content":"x"}]}"#, 400, "invalid_request_error"),
        (#"{"model":"echo-fail-529","max_tokens":1,"messages":[]}"#, 529, "overloaded_error"),
        (#"{"model":"echo-429-2s","max_tokens":1,"messages":[]}"#, 429, "rate_limit_error"),
        (#"{"model":"echo-what","max_tokens":1,"messages":[]}"#, 404, "not_found_error"),
    ])
    func failsInTheWordsOfTheAPI(_ body: String, _ status: Int, _ type: String) throws {
        let play = play(body)
        #expect(play.whole?.status == status)
        let value = try play.value()
        #expect(value["type"]?.string == "error")
        #expect(value["error.type"]?.string == type)
    }

    @Test func breaksOffAsTold() throws {
        let play = play(
            #"{"model":"echo-drop-after-3","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"a b c d"}]}"#
        )
        #expect(play.stream?.ending == .dropped)
        #expect(try play.documents().count == 3)
    }
}
