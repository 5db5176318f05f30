import OstiaryCore

extension GateError {
    /// A request that is no document this gate reads (R23).
    static func unreadable(_ fault: JSONFault) -> GateError {
        let what: String
        switch fault.reason {
        case .depth: what = "is nested more than 128 deep"
        case .tooMany: what = "has more than 100,000 values"
        case .duplicateMember: what = "has two members of one name"
        case .encoding: what = "is not UTF-8"
        case .truncated: what = "ends too early"
        case .trailing: what = "goes on behind its value"
        case .syntax, .loneSurrogate: what = "is not JSON"
        }
        return GateError(
            .invalidRequest,
            cause: "body_not_json",
            detail: "the body \(what), seen at byte \(fault.offset)"
        )
    }

    /// A request that is JSON, but not what its API asks for.
    static func misshapen(_ place: String, _ expected: StaticString) -> GateError {
        GateError(.invalidRequest, cause: "body_misshapen", detail: "\(place) must be \(expected)")
    }

    /// An answer that cannot be read.
    static func unreadableAnswer(_ cause: StaticString) -> GateError {
        GateError(.upstreamProtocolError, cause: cause)
    }
}
