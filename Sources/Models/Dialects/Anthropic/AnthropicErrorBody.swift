public import OstiaryCore

/// An error as clients of Anthropic's API read it:
/// `{"type":"error","error":{"type":…,"message":…,"details":{"error_code":…}},"request_id":…}`.
public enum AnthropicErrorBody {
    /// The body for a refusal of the gate.
    public static func bytes(_ error: GateError, id: RequestID?) -> [UInt8] {
        JSONWriter.write(document(error, id: id))
    }

    /// The body for any error.
    /// - Parameters:
    ///   - code: the code for programs; `nil` leaves it out.
    ///   - id: the gate's name for the request; `nil` leaves it out.
    public static func bytes(message: String, type: String, code: String?, id: RequestID?) -> [UInt8] {
        JSONWriter.write(document(message: message, type: type, code: code, id: id))
    }

    static func document(_ error: GateError, id: RequestID?) -> JSONValue {
        document(message: error.message, type: type(status: error.status), code: error.code.rawValue, id: id)
    }

    private static func document(message: String, type: String, code: String?, id: RequestID?) -> JSONValue {
        var inner: [JSONObject.Member] = [
            .init(name: "type", value: .string(type)),
            .init(name: "message", value: .string(message)),
        ]
        if let code { inner.append(.init(name: "details", value: .members(("error_code", .string(code))))) }
        var members: [JSONObject.Member] = [
            .init(name: "type", value: .string("error")),
            .init(name: "error", value: .object(JSONObject(members: inner))),
        ]
        if let id { members.append(.init(name: "request_id", value: .string(id.description))) }
        return .object(JSONObject(members: members))
    }

    /// The API's word for a status. Its libraries choose their exception by the status; programs read this inside of
    /// streams, where there is none.
    public static func type(status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
