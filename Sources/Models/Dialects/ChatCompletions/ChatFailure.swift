import OstiaryCore

/// An error inside a stream, as OpenAI's family tells it.
enum ChatFailure {
    static func read(_ error: JSONSlice) -> Exchange.Failure {
        let message = error["message"]?.text ?? error.text ?? JSONText("The provider broke off with an error")
        let code = error["code"]?.present
        return Exchange.Failure(
            status: status(code, error["type"]?.string),
            message: FailureText.clean(message),
            code: code?.text
        )
    }

    private static func status(_ code: JSONSlice?, _ type: String?) -> Int {
        if let number = code?.int, 400...599 ~= number { return number }
        switch (code?.string ?? "", type ?? "") {
        case ("rate_limit_exceeded", _), (_, "rate_limit_error"), (_, "rate_limit_exceeded"): return 429
        case ("insufficient_quota", _), (_, "insufficient_quota"): return 429
        case ("overloaded", _), (_, "overloaded_error"), (_, "service_unavailable_error"): return 529
        case (_, "invalid_request_error"), ("context_length_exceeded", _): return 400
        default: return 500
        }
    }

    /// The word for a status, as OpenAI's clients read it.
    static func type(_ status: Int) -> String {
        status == 529 ? "server_error" : OpenAIErrorBody.type(status: status)
    }
}
