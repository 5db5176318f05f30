public import OstiaryCore

/// An error in the words of the client's API.
public enum ErrorBody {
    /// The body for a refusal of the gate.
    /// - Parameter id: the gate's name for the request.
    public static func bytes(_ error: GateError, for family: APIFamily, id: RequestID) -> [UInt8] {
        switch family {
        case .openAI: OpenAIErrorBody.bytes(error)
        case .anthropic: AnthropicErrorBody.bytes(error, id: id)
        }
    }

    /// The body for an error with a status of a provider's.
    /// - Parameters:
    ///   - type: the family's word for it; `nil` for that of the status.
    ///   - code: the code for programs; `nil` for none.
    ///   - parameter: the request's member at fault; `nil` for none.
    static func bytes(
        message: String,
        status: Int,
        for family: APIFamily,
        type: String? = nil,
        code: String?,
        parameter: String? = nil
    ) -> [UInt8] {
        switch family {
        case .openAI:
            OpenAIErrorBody.bytes(
                message: message,
                type: type ?? OpenAIErrorBody.type(status: status),
                code: code,
                parameter: parameter
            )
        case .anthropic:
            AnthropicErrorBody.bytes(
                message: message,
                type: type ?? AnthropicErrorBody.type(status: status),
                code: code,
                id: nil
            )
        }
    }
}
