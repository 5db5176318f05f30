import OstiaryCore
import Testing

@testable import OstiaryModels

struct EchoCompletionsTests {
    private func play(_ members: String) -> EchoPlay { EchoPlay("{\"model\":\"echo\",\(members)}", "/v1/completions") }

    @Test func repeatsThePrompt() throws {
        #expect(
            try play(#""prompt":"a b""#).value().written
                == #"{"id":"cmpl-000000000000000100000000000000ab","object":"text_completion","created":1800000000,"#
                + #""model":"echo","system_fingerprint":"fp_echo","choices":[{"text":"a b","index":0,"logprobs":null,"#
                + #""finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}}"#
        )
    }

    @Test func answersEveryPromptAndChoice() throws {
        let value = try play(#""prompt":["a","b"],"n":2"#).value()
        #expect(value["choices"]?.array?.map { $0["text"]?.string } == ["a", "a", "b", "b"])
        #expect(value["choices"]?.array?.map { $0["index"]?.int } == [0, 1, 2, 3])
        #expect(try play(#""prompt":[1,2]"#).value()["choices.0.text"]?.string == "1 2")
        #expect(try play(#""prompt":[[1],[2,3]]"#).value()["usage.prompt_tokens"]?.int == 3)
    }

    @Test func streams() throws {
        let play = play(#""prompt":"a b c","max_tokens":2,"stream":true,"stream_options":{"include_usage":true}"#)
        #expect(try play.data().last == "[DONE]")
        let chunks = try play.documents()
        #expect(chunks.map { $0["choices.0.text"]?.string } == ["a", " b", "", nil])
        #expect(chunks.map { $0["choices.0.finish_reason"] } == [.null, .null, .string("length"), nil])
        #expect(chunks.map { $0["usage.total_tokens"]?.int } == [nil, nil, nil, 5])
    }

    @Test(arguments: [
        (#""n":1"#, "prompt"), (#""prompt":{}"#, "prompt"), (#""prompt":[]"#, "prompt"),
        (#""prompt":[true]"#, "prompt[0]"),
        (#""prompt":["a",1]"#, "prompt[1]"),
    ])
    func refusesBadPrompts(_ members: String, _ parameter: String) throws {
        #expect(try play(members).value()["error.param"]?.string == parameter)
    }
}
