import OstiaryCore

/// An error inside a stream, as Anthropic's API tells it (the same words as outside of streams).
enum MessagesFailure {
    static func read(_ error: JSONSlice?) -> Exchange.Failure {
        let message = error?["message"]?.text ?? JSONText("The provider broke off with an error")
        return Exchange.Failure(
            status: status(error?["type"]?.string),
            message: FailureText.clean(message),
            code: error?["details"]?["error_code"]?.text ?? error?["type"]?.text
        )
    }

    private static func status(_ type: String?) -> Int {
        switch type {
        case "invalid_request_error": 400
        case "billing_error": 402
        case "permission_error", "authentication_error": 502
        case "not_found_error": 404
        case "request_too_large": 413
        case "rate_limit_error": 429
        case "timeout_error": 504
        case "overloaded_error": 529
        default: 500
        }
    }

    static func type(_ status: Int) -> StaticString {
        switch status {
        case 402: "billing_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503, 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
