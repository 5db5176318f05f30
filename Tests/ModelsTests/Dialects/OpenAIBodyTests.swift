import OstiaryCore
import Testing

@testable import OstiaryModels

struct OpenAIBodyTests {
    @Test func spellsAnErrorAsTheFamilyReadsIt() {
        let body = OpenAIErrorBody.bytes(GateError(.invalidRequest, detail: "model is missing"))
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"error":{"message":"The request is malformed: model is missing","type":"invalid_request_error","#
                + #""code":"invalid_request","param":null}}"#
        )
    }

    @Test(arguments: GateError.Code.allCases)
    func givesEveryCodeAShape(_ code: GateError.Code) throws {
        let error = try JSONReader.read(OpenAIErrorBody.bytes(GateError(code))).object?["error"]?.object
        #expect(error?.members.map(\.name) == ["message", "type", "code", "param"])
        #expect(error?["code"]?.string == code.rawValue)
        let type =
            switch code.entry.status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 429: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        #expect(error?["type"]?.string == type)
    }

    @Test func listsModels() {
        let models = [ModelsListBody.Model(name: "a\"b", owner: "openai"), .init(name: "c", owner: "local")]
        let created = UnixTime(seconds: 1_800_000_000.9)
        #expect(
            String(decoding: ModelsListBody.bytes(models, created: created), as: UTF8.self)
                == #"{"object":"list","data":[{"id":"a\"b","object":"model","created":1800000000,"owned_by":"openai"},"#
                + #"{"id":"c","object":"model","created":1800000000,"owned_by":"local"}]}"#
        )
        #expect(
            String(decoding: ModelsListBody.bytes(models[1], created: created), as: UTF8.self)
                == #"{"id":"c","object":"model","created":1800000000,"owned_by":"local"}"#
        )
        #expect(
            String(decoding: ModelsListBody.bytes([], created: created), as: UTF8.self)
                == #"{"object":"list","data":[]}"#
        )
    }
}
