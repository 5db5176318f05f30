/// Why a call did not get through: a code for programs, a sentence for people, whose fault it was, and whether
/// trying again is sane.
///
/// The outside sees status, sentence and `detail`; `cause` goes to the log and to a metric label and must come from a
/// closed list. Neither may hold anything the client or a provider sent.
public struct GateError: Error, Sendable {
    /// Whose fault it was.
    public enum Source: String, Sendable {
        case client, gate, upstream
    }

    /// Whether trying again is sane.
    public enum Retry: Hashable, Sendable {
        case never
        case safe
        /// After this many whole seconds; sent as `Retry-After`.
        case after(seconds: Int)
    }

    public let code: Code
    public let retry: Retry
    /// One more sentence for the client, naming what to do; `nil` where the code's own sentence says it all.
    public let detail: String?
    /// The inner reason, from a closed list; equal to the code where there is nothing to add.
    public let cause: StaticString
    /// What a 401 or 403 asks for: the `WWW-Authenticate` field's value (RFC 6750 section 3).
    public let challenge: String?
    /// The `Allow` field of a 405.
    public let allow: [Method]
    /// The caller's limit at the moment of a 429, for the `X-RateLimit-*-Requests` fields.
    public let standing: RateStanding?
    /// Whether the client is told in words of its own that sending the credential again is in vain
    /// (`x-should-retry: false`), as clients repeat a 401 otherwise.
    public let forbidsRetry: Bool

    public init(
        _ code: Code,
        cause: StaticString? = nil,
        retry: Retry? = nil,
        detail: String? = nil,
        challenge: String? = nil,
        allow: [Method] = [],
        standing: RateStanding? = nil,
        forbidsRetry: Bool = false
    ) {
        self.code = code
        self.retry = retry ?? code.entry.retry
        self.detail = detail
        self.cause = cause ?? code.entry.name
        self.challenge = challenge
        self.allow = allow
        self.standing = standing
        self.forbidsRetry = forbidsRetry
    }

    /// What programs read: the code, or the closer reason of a capability token that is not believed.
    public var programCode: String { code == .invalidNuc ? "\(cause)" : code.rawValue }

    public var status: Int { code.entry.status }
    public var source: Source { code.entry.source }
    /// What the client reads.
    public var message: String {
        guard let detail else { return "\(code.entry.sentence)" }
        return "\(code.entry.sentence): \(detail)"
    }
}
