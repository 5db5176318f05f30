import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct TokenRequestBodyTests {
    private func read(_ text: String, _ form: TokenRequestBody.Form) -> [String: String]? {
        try? TokenRequestBody.members(Array(text.utf8), form)
    }

    @Test func `a form is read as browsers write it, and strictly`() {
        #expect(read("a=b&c=d+e%2Bf&g=&h", .form) == ["a": "b", "c": "d e+f", "g": "", "h": ""])
        #expect(read("grant_type=urn%3aietf", .form) == ["grant_type": "urn:ietf"])
        #expect(read("", .form) == [:])
        #expect(read("a=b=c", .form) == ["a": "b=c"])
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%fe=a", "a=1&a=2", "a=1&%61=2"] {
            #expect(read(bad, .form) == nil, "\(bad)")
        }
    }

    @Test func `JSON has text alone, each name once`() {
        #expect(read(#"{"a":"b","c":null}"#, .json) == ["a": "b"])
        for bad in ["", "[]", #"{"a":1}"#, #"{"a":["b"]}"#, #"{"a":"b","a":"c"}"#, #"{"a":"b"} x"#] {
            #expect(read(bad, .json) == nil, "\(bad)")
        }
    }

    @Test func `no bytes are too much for it`() {
        var random = SeededGenerator(seed: 25)
        let seeds = ["a=b&c=d+e%2Bf&g=&h", #"{"grant_type":"x","assertion":"a.b.c"}"#, "%%%%%2%2", "&&&==&="]
        let alphabet = Array("%&=+0aF{}\"\\".utf8)
        for seed in seeds {
            var bytes = Array(seed.utf8)
            for _ in 0..<2_000 {
                bytes = random.damaged(bytes, with: alphabet)
                for form in [TokenRequestBody.Form.form, .json] {
                    let members = try? TokenRequestBody.members(bytes, form)
                    // Nothing comes out that was not put in.
                    #expect((members ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= bytes.count)
                }
            }
        }
    }
}
