import OstiaryCore
import Testing

@testable import OstiaryModels

private let tools =
    #""tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string","enum":["Paris"]}},"required":["city"]}}},{"type":"function","function":{"name":"other"}}]"#

struct EchoChatTests {
    @Test func repeatsTheLastUser() throws {
        let value = try EchoPlay(
            #"{"model":"echo","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"first"},"#
                + #"{"role":"assistant","content":"x"},{"role":"user","content":"hello there, \u6771\u4eac!"}]}"#
        ).value()
        #expect(
            value.written
                == #"{"id":"chatcmpl-000000000000000100000000000000ab","object":"chat.completion","created":1800000000,"#
                + #""model":"echo","service_tier":"default","system_fingerprint":"fp_echo","choices":[{"index":0,"#
                + #""message":{"role":"assistant","content":"hello there, 東京!","refusal":null},"logprobs":null,"#
                + #""finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"#
                + #""prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0},"completion_tokens_details":"#
                + #"{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#
        )
    }

    @Test func readsTextParts() throws {
        let value = try EchoPlay(
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},"#
                + #"{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":"b"}]}]}"#
        ).value()
        #expect(value["choices.0.message.content"]?.string == "a\nb")
    }

    @Test func streamsWordByWord() throws {
        let play = EchoPlay(
            #"{"model":"echo","stream":true,"stream_options":{"include_usage":true},"#
                + #""messages":[{"role":"user","content":" one two  three\n"}]}"#
        )
        #expect(play.stream?.ending == .complete)
        #expect(try play.data().last == "[DONE]")
        let chunks = try play.documents()
        #expect(
            chunks.map { $0["choices.0.delta"]?.written } == [
                #"{"role":"assistant","content":"","refusal":null}"#, #"{"content":" one"}"#, #"{"content":" two"}"#,
                #"{"content":"  three"}"#, #"{"content":"\n"}"#, "{}", nil,
            ]
        )
        #expect(
            chunks.map { $0["choices.0.finish_reason"] } == [.null, .null, .null, .null, .null, .string("stop"), nil]
        )
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
        #expect(chunks.last?["choices"] == .array([]))
        #expect(chunks.last?["usage.completion_tokens"]?.int == 4)
        #expect(Set(chunks.map { $0["id"] }).count == 1)
        #expect(chunks.allSatisfy { $0["object"]?.string == "chat.completion.chunk" && $0["model"]?.string == "echo" })
    }

    @Test func tellsNoUsageInAStreamUnlessAsked() throws {
        let chunks = try EchoPlay(
            #"{"model":"echo","stream":true,"messages":[{"role":"user","content":"a"}]}"#
        ).documents()
        #expect(chunks.count == 3)
        #expect(chunks.allSatisfy { $0.object?["usage"] == nil })
    }

    @Test func theUsageReaderUnderstandsBothForms() throws {
        let ask = #""messages":[{"role":"user","content":"a b c"}]}"#
        var whole = UsageReader(.whole)
        let body = try #require(EchoPlay(#"{"model":"echo","# + ask).whole).body
        whole.feed(body.span)
        #expect(whole.finish() == Usage(inputTokens: 3, outputTokens: 3, cachedInputTokens: 0))

        var events = UsageReader(.events)
        let stream = #"{"model":"echo","stream":true,"stream_options":{"include_usage":true},"# + ask
        for frame in try #require(EchoPlay(stream).stream).frames { events.feed(frame.span) }
        #expect(events.finish() == Usage(inputTokens: 3, outputTokens: 3, cachedInputTokens: 0))
    }

    @Test func givesSeveralChoices() throws {
        let value = try EchoPlay(#"{"model":"echo","n":3,"messages":[{"role":"user","content":"a b"}]}"#).value()
        #expect(value["choices"]?.array?.map { $0["index"]?.int } == [0, 1, 2])
        #expect(value["usage.completion_tokens"]?.int == 6)
        let chunks = try EchoPlay(#"{"model":"echo","n":2,"stream":true,"messages":[{"role":"user","content":"a"}]}"#)
            .documents()
        #expect(chunks.map { $0["choices.0.index"]?.int } == [0, 0, 0, 1, 1, 1])
    }

    @Test(arguments: [
        (#""max_tokens":2"#, "a b", "length"), (#""max_completion_tokens":1,"max_tokens":3"#, "a", "length"),
        (#""max_tokens":4"#, "a b c d", "stop"), (#""stop":"c""#, "a b ", "stop"),
        (#""stop":["x","b"," b"]"#, "a", "stop"),
        (#""stop":"d","max_tokens":2"#, "a b", "length"), (#""stop":null,"max_tokens":null"#, "a b c d", "stop"),
        (#""stop":"""#, "a b c d", "stop"),
    ])
    func stopsWhereItIsTold(_ options: String, _ text: String, _ finish: String) throws {
        let body = #"{"model":"echo","messages":[{"role":"user","content":"a b c d"}],"# + options
        let value = try EchoPlay(body + "}").value()
        #expect(value["choices.0.message.content"]?.string == text)
        #expect(value["choices.0.finish_reason"]?.string == finish)
        let chunks = try EchoPlay(body + #","stream":true}"#).documents()
        #expect(chunks.compactMap { $0["choices.0.delta.content"]?.string }.joined() == text)
        #expect(chunks.last?["choices.0.finish_reason"]?.string == finish)
    }

    @Test func keepsAnswersBounded() throws {
        let long = String(repeating: "word ", count: 10_000)
        let value = try EchoPlay(#"{"model":"echo","messages":[{"role":"user","content":""# + long + #""}]}"#).value()
        #expect(value["usage.completion_tokens"]?.int == 4096)
        #expect(value["usage.prompt_tokens"]?.int == 10_001)
        #expect(value["choices.0.finish_reason"]?.string == "length")
    }

    // MARK: Tools

    @Test(arguments: [
        ("hi", #""tool_choice":"required""#, [("get_weather", #"{"city":"Paris"}"#)]),
        ("hi", #""tool_choice":{"type":"function","function":{"name":"other"}}"#, [("other", "{}")]),
        (#"call other {\"a\":{\"b\":\"}\"}} please"#, #""n":1"#, [("other", #"{"a":{"b":"}"}}"#)]),
        (
            #"call other and call get_weather {\"city\":\"Rome\"}"#, #""tool_choice":"auto""#,
            [("other", "{}"), ("get_weather", #"{"city":"Rome"}"#)]
        ),
        ("call other {broken", #""n":1"#, [("other", "{}")]),
        ("recall other", #""n":1"#, []), ("call nobody {}", #""n":1"#, []),
        ("call other {}", #""tool_choice":"none""#, []),
    ])
    func callsTools(_ text: String, _ choice: String, _ expected: [(String, String)]) throws {
        let body = #"{"model":"echo","messages":[{"role":"user","content":""# + text + #""}],"# + tools + "," + choice
        let value = try EchoPlay(body + "}").value()
        let calls = value["choices.0.message.tool_calls"]?.array ?? []
        #expect(calls.map { $0["function.name"]?.string } == expected.map(\.0))
        #expect(calls.map { $0["function.arguments"]?.string } == expected.map(\.1))
        #expect(value["choices.0.finish_reason"]?.string == (expected.isEmpty ? "stop" : "tool_calls"))
        #expect((value["choices.0.message.content"] == .null) == !expected.isEmpty)

        let deltas = try EchoPlay(body + #","stream":true}"#).documents().compactMap {
            $0["choices.0.delta.tool_calls.0"]
        }
        for (index, call) in expected.enumerated() {
            let mine = deltas.filter { $0["index"]?.int == index }
            #expect(mine.first?["id"]?.string == "call_\(EchoPlay.name)_\(index)")
            #expect(mine.first?["function"]?.written == #"{"name":"\#(call.0)","arguments":""}"#)
            #expect(mine.dropFirst().allSatisfy { $0["id"] == nil && $0["function.name"] == nil })
            #expect(mine.compactMap { $0["function.arguments"]?.string }.joined() == call.1)
        }
        #expect(deltas.isEmpty == expected.isEmpty)
    }

    @Test func answersAToolsResultWithText() throws {
        let value = try EchoPlay(
            #"{"model":"echo","messages":[{"role":"user","content":"call other {}"},{"role":"assistant","content":null,"#
                + #""tool_calls":[]},{"role":"tool","tool_call_id":"a","content":"18 C"},"#
                + #"{"role":"tool","tool_call_id":"b","content":"wet"}],"tool_choice":"required","# + tools + "}"
        ).value()
        #expect(value["choices.0.message.content"]?.string == "The tool said: 18 C\nwet")
        #expect(value["choices.0.finish_reason"]?.string == "stop")
    }

    // MARK: Structured output

    @Test(arguments: [
        (#"{"type":"text"}"#, "hi"), (#"{"type":"json_object"}"#, #"{"echo":"hi"}"#),
        (
            #"{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"s":{"type":"string"},"#
                + #""n":{"type":"number","minimum":2.5},"b":{"type":"boolean"},"l":{"type":"array","minItems":2,"items":"#
                + ##"{"$ref":"#/$defs/e"}},"o":{"anyOf":[{"type":["integer","null"]}]},"x":{}},"##
                + ##""required":["s","n","b","l","o"],"$defs":{"e":{"enum":["one","two"]}}}}}"##,
            #"{"s":"","n":2.5,"b":false,"l":["one","one"],"o":0}"#
        ),
    ])
    func answersInTheFormAskedFor(_ format: String, _ expected: String) throws {
        let value = try EchoPlay(
            #"{"model":"echo","messages":[{"role":"user","content":"hi"}],"response_format":"# + format + "}"
        ).value()
        #expect(value["choices.0.message.content"]?.string == expected)
    }

    @Test func endsSchemasThatReferToThemselves() throws {
        let schema = try JSONReader.read(
            Array(##"{"type":"object","required":["a","b"],"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}}}"##.utf8)
        )
        #expect(JSONWriter.write(SchemaExample.smallest(schema)).count < 20_000)
    }

    // MARK: Refusals

    @Test(arguments: [
        ("{", nil, nil), ("[]", nil, nil), (#"{"a":1,"a":2}"#, nil, nil),
        ("{}", "model", "missing_required_parameter"), (#"{"model":1}"#, "model", "invalid_type"),
        (#"{"model":"echo"}"#, "messages", "missing_required_parameter"),
        (#"{"model":"echo","messages":[]}"#, "messages", "invalid_value"),
        (#"{"model":"echo","messages":"x"}"#, "messages", "invalid_type"),
        (#"{"model":"echo","messages":["x"]}"#, "messages[0]", "invalid_type"),
        (#"{"model":"echo","messages":[{}]}"#, "messages[0].role", "missing_required_parameter"),
        (#"{"model":"echo","messages":[{"role":"robot"}]}"#, "messages[0].role", "invalid_value"),
        (
            #"{"model":"echo","messages":[{"role":"tool","content":"x"}]}"#, "messages[0].tool_call_id",
            "missing_required_parameter"
        ),
        (#"{"model":"echo","messages":[{"role":"user","content":7}]}"#, "messages[0].content", "invalid_type"),
        (
            #"{"model":"echo","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages[0].content[0].text", "missing_required_parameter"
        ),
        (#"{"model":"echo","n":0}"#, "n", "invalid_value"), (#"{"model":"echo","n":1.5}"#, "n", "invalid_type"),
        (#"{"model":"echo","stream":"yes"}"#, "stream", "invalid_type"),
        (#"{"model":"echo","stream_options":{}}"#, "stream_options", "invalid_value"),
        (#"{"model":"echo","messages":[{"role":"user"}],"max_tokens":0}"#, "max_tokens", "invalid_value"),
        (#"{"model":"echo","messages":[{"role":"user"}],"stop":["a","b","c","d","e"]}"#, "stop", "invalid_value"),
        (#"{"model":"echo","messages":[{"role":"user"}],"stop":[1]}"#, "stop[0]", "invalid_type"),
        (#"{"model":"echo","messages":[{"role":"user"}],"tool_choice":"auto"}"#, "tool_choice", "invalid_value"),
        (
            #"{"model":"echo","messages":[{"role":"user"}],"tools":[{"type":"function","function":{"name":"a b"}}]}"#,
            "tools[0].function.name", "invalid_value"
        ),
        (
            #"{"model":"echo","messages":[{"role":"user"}],"response_format":{"type":"xml"}}"#, "response_format.type",
            "invalid_value"
        ),
    ])
    func refusesBadRequestsByName(_ body: String, _ parameter: String?, _ code: String?) throws {
        let play = EchoPlay(body)
        #expect(play.whole?.status == 400)
        let error = try play.value()["error"]
        #expect(error?["type"]?.string == "invalid_request_error")
        #expect(error?["param"] == parameter.map { .string($0) } ?? .null)
        #expect(error?["code"] == code.map { .string($0) } ?? .null)
    }
}
