import OstiaryCore
import Testing

@testable import OstiaryModels

struct AnthropicBodyTests {
    private static let id = RequestID(high: 1, low: 0xab)

    @Test func spellsAnErrorAsTheFamilyReadsIt() {
        let error = GateError(.invalidRequest, detail: "model is missing")
        #expect(
            String(decoding: AnthropicErrorBody.bytes(error, id: Self.id), as: UTF8.self)
                == #"{"type":"error","error":{"type":"invalid_request_error","#
                + #""message":"The request is malformed: model is missing","details":{"error_code":"invalid_request"}},"#
                + #""request_id":"req_000000000000000100000000000000ab"}"#
        )
    }

    @Test(arguments: GateError.Code.allCases)
    func givesEveryCodeAShape(_ code: GateError.Code) throws {
        let document = try JSONReader.read(AnthropicErrorBody.bytes(GateError(code), id: Self.id))
        #expect(document["type"]?.string == "error")
        #expect(document["error.details.error_code"]?.string == code.rawValue)
        #expect(document["error.type"]?.string == AnthropicErrorBody.type(status: code.entry.status))
    }

    @Test(
        arguments: [
            (400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error"),
            (403, "permission_error"), (404, "not_found_error"), (408, "timeout_error"), (409, "conflict_error"),
            (413, "request_too_large"), (422, "invalid_request_error"), (429, "rate_limit_error"),
            (500, "api_error"), (502, "api_error"), (503, "api_error"), (504, "timeout_error"),
            (529, "overloaded_error"),
        ]
    )
    func namesAStatus(_ status: Int, _ type: String) {
        #expect(AnthropicErrorBody.type(status: status) == type)
    }

    private static let models = ["a", "b", "c", "d"].map {
        ModelsListBody.Model(name: $0, owner: "x", longestInput: 200_000, longestOutput: 64_000)
    }

    private func page(_ query: String) throws -> JSONValue {
        let page = AnthropicModelsBody.Page(query: Array(query.utf8))
        return try JSONReader.read(
            AnthropicModelsBody.bytes(Self.models, created: UnixTime(seconds: 1_800_000_000), page: page)
        )
    }

    @Test func listsModels() throws {
        let list = try page("")
        #expect(
            list["data.0"]?.written
                == #"{"type":"model","id":"a","display_name":"a","created_at":"2027-01-15T08:00:00Z","#
                + #""max_input_tokens":200000,"max_tokens":64000,"lifecycle":"active","capabilities":null}"#
        )
        #expect(list["data"]?.array?.count == 4)
        #expect(list["has_more"]?.bool == false)
        #expect(list["first_id"]?.string == "a")
        #expect(list["last_id"]?.string == "d")
    }

    @Test(
        arguments: [
            ("limit=2", ["a", "b"], true), ("limit=2&after_id=b", ["c", "d"], false), ("after_id=d", [], false),
            ("before_id=d&limit=2", ["b", "c"], false), ("limit=0", ["a", "b", "c", "d"], false),
            ("limit=x&lifecycle=active&after_id=nobody", ["a", "b", "c", "d"], false),
            ("after_id=%61&limit=1", ["b"], true),
        ] as [(String, [String], Bool)]
    )
    func turnsPages(_ query: String, _ names: [String], _ more: Bool) throws {
        let list = try page(query)
        #expect(list["data"]?.array?.compactMap { $0["id"]?.string } == names)
        #expect(list["has_more"]?.bool == more)
        #expect(list["last_id"]?.string == names.last)
    }
}
