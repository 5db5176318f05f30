import OstiaryCore

/// Why the built-in model refuses a request, as its API family says it.
struct EchoFault: Error, Equatable {
    var status = 400
    let message: String
    var code: String?
    /// The member at fault, like `messages[0].role`.
    var parameter: String?

    static func missing(_ parameter: String) -> EchoFault {
        EchoFault(
            message: "Missing required parameter: '\(parameter)'.",
            code: "missing_required_parameter",
            parameter: parameter
        )
    }

    static func type(_ parameter: String, _ expected: String) -> EchoFault {
        EchoFault(
            message: "Invalid type for '\(parameter)': expected \(expected).",
            code: "invalid_type",
            parameter: parameter
        )
    }

    static func value(_ parameter: String, _ expected: String) -> EchoFault {
        EchoFault(
            message: "Invalid value for '\(parameter)': expected \(expected).",
            code: "invalid_value",
            parameter: parameter
        )
    }

    /// The error in the words of an API.
    func body(for family: APIFamily) -> [UInt8] {
        ErrorBody.bytes(message: message, status: status, for: family, code: code, parameter: parameter)
    }
}
