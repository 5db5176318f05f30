public import OstiaryCore

/// An error as clients of the OpenAI family read it:
/// `{"error":{"message":…,"type":…,"code":…,"param":null}}`.
public enum OpenAIErrorBody {
    /// The body for a refusal of the gate.
    public static func bytes(_ error: GateError) -> [UInt8] {
        if error.detail == nil, let bytes = plain[error.code] { return bytes }
        return compose(error)
    }

    // Refusals come in floods, and most say no more than their code does; composing one takes about 1 µs.
    private static let plain = Dictionary(
        uniqueKeysWithValues: GateError.Code.allCases.map { ($0, compose(GateError($0))) }
    )

    private static func compose(_ error: GateError) -> [UInt8] {
        bytes(message: error.message, type: type(status: error.status), code: error.programCode)
    }

    /// The body for any error.
    /// - Parameters:
    ///   - code: the code for programs; `nil` writes null.
    ///   - parameter: the request's member at fault; `nil` writes null.
    public static func bytes(message: String, type: String, code: String?, parameter: String? = nil) -> [UInt8] {
        JSONWriter.write(.members(("error", value(message, type, code, parameter))))
    }

    /// The member `error` alone.
    static func value(_ error: GateError) -> JSONValue {
        value(error.message, type(status: error.status), error.programCode, nil)
    }

    private static func value(_ message: String, _ type: String, _ code: String?, _ parameter: String?) -> JSONValue {
        .members(
            ("message", .string(message)),
            ("type", .string(type)),
            ("code", code.map { .string($0) } ?? .null),
            ("param", parameter.map { .string($0) } ?? .null)
        )
    }

    /// The family's word for a status. Its client libraries choose their exception by the status alone; people and
    /// logs read this.
    public static func type(status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }
}
