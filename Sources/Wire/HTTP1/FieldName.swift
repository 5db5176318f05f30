/// The field names that the gate itself reads or passes on. All others are `other`: well formed and ignored.
///
/// Requests and answers are forwarded by allow-list, so a name that is not here cannot cross the gate.
public enum FieldName: UInt8, Sendable, CaseIterable {
    case other
    // Framing and connection
    case host, contentLength, transferEncoding, connection, keepAlive, te, trailer, upgrade, expect
    // Credentials
    case authorization, proxyAuthorization, apiKey, cookie
    // Content
    case contentType, contentEncoding, accept, acceptEncoding, cacheControl, contentDisposition
    // The gate's own
    case protocolVersion, requestID, origin, requestMethod
    // Where a request came from, by a trusted proxy's word
    case forwarded, forwardedFor
    // Passed on to providers
    case idempotencyKey, openAIBeta, anthropicVersion, anthropicBeta, sealedKey
    // Passed on to clients
    case retryAfter, retryAfterMilliseconds, shouldRetry, location
    case limitRequests, remainingRequests, resetRequests, limitTokens, remainingTokens, resetTokens
    case openAIProcessing, openAIVersion, sealedNonce, usageMetrics
    case messageRequestID
    case anthropicTokensLimit, anthropicTokensRemaining, anthropicTokensReset
    case anthropicInputTokensLimit, anthropicInputTokensRemaining, anthropicInputTokensReset
    case anthropicOutputTokensLimit, anthropicOutputTokensRemaining, anthropicOutputTokensReset
    // How often a client's library has sent this before
    case stainlessRetryCount
    // Which conversation a client is in
    case claudeCodeSession

    /// The name in lower case.
    public var text: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .expect: "expect"
        case .authorization: "authorization"
        case .proxyAuthorization: "proxy-authorization"
        case .apiKey: "x-api-key"
        case .cookie: "cookie"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .cacheControl: "cache-control"
        case .contentDisposition: "content-disposition"
        case .protocolVersion: "x-protocol-version"
        case .requestID: "x-request-id"
        case .origin: "origin"
        case .requestMethod: "access-control-request-method"
        case .forwarded: "forwarded"
        case .forwardedFor: "x-forwarded-for"
        case .idempotencyKey: "idempotency-key"
        case .openAIBeta: "openai-beta"
        case .anthropicVersion: "anthropic-version"
        case .anthropicBeta: "anthropic-beta"
        case .sealedKey: "ehbp-encapsulated-key"
        case .retryAfter: "retry-after"
        case .retryAfterMilliseconds: "retry-after-ms"
        case .shouldRetry: "x-should-retry"
        case .location: "location"
        case .limitRequests: "x-ratelimit-limit-requests"
        case .remainingRequests: "x-ratelimit-remaining-requests"
        case .resetRequests: "x-ratelimit-reset-requests"
        case .limitTokens: "x-ratelimit-limit-tokens"
        case .remainingTokens: "x-ratelimit-remaining-tokens"
        case .resetTokens: "x-ratelimit-reset-tokens"
        case .openAIProcessing: "openai-processing-ms"
        case .openAIVersion: "openai-version"
        case .sealedNonce: "ehbp-response-nonce"
        case .usageMetrics: "x-tinfoil-usage-metrics"
        case .messageRequestID: "request-id"
        case .anthropicTokensLimit: "anthropic-ratelimit-tokens-limit"
        case .anthropicTokensRemaining: "anthropic-ratelimit-tokens-remaining"
        case .anthropicTokensReset: "anthropic-ratelimit-tokens-reset"
        case .anthropicInputTokensLimit: "anthropic-ratelimit-input-tokens-limit"
        case .anthropicInputTokensRemaining: "anthropic-ratelimit-input-tokens-remaining"
        case .anthropicInputTokensReset: "anthropic-ratelimit-input-tokens-reset"
        case .anthropicOutputTokensLimit: "anthropic-ratelimit-output-tokens-limit"
        case .anthropicOutputTokensRemaining: "anthropic-ratelimit-output-tokens-remaining"
        case .anthropicOutputTokensReset: "anthropic-ratelimit-output-tokens-reset"
        case .stainlessRetryCount: "x-stainless-retry-count"
        case .claudeCodeSession: "x-claude-code-session-id"
        }
    }

    /// The fields that decide something and so may occur once only (SEC-108). `X-Protocol-Version` is not among them:
    /// its repetition has an error of its own, given where the version is checked.
    var isSingular: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .authorization, .apiKey, .contentType, .contentEncoding,
            .expect, .idempotencyKey, .sealedKey, .origin, .requestMethod:
            true
        default: false
        }
    }
}

/// Finds the known name for bytes in any case, without going over them one by one.
///
/// A name is looked up by its length, its first eight and its last eight octets, all with bit 5 set, and compared whole
/// when that finds one.
struct FieldNameTable: Sendable {
    private struct Slot: Sendable {
        var first: UInt64 = 0
        var last: UInt64 = 0
        var count = 0
        var name = FieldName.other
    }

    private static let mask = 255
    private static let lowerCase: UInt64 = 0x2020_2020_2020_2020
    // `other` where no name hashes to the slot; collisions of known names are resolved by probing.
    private let slots: [Slot]

    static let shared = FieldNameTable()

    init() {
        var slots = [Slot](repeating: Slot(), count: Self.mask + 1)
        for name in FieldName.allCases where name != .other {
            let text = name.text.withUTF8Buffer { Array($0) }
            let (first, last) = Self.ends(text.span, 0..<text.count)
            var index = Self.hash(first, last, text.count)
            while slots[index].name != .other { index = (index + 1) & Self.mask }
            slots[index] = Slot(first: first, last: last, count: text.count, name: name)
        }
        self.slots = slots
    }

    /// The name of `bytes[range]`; `.other` for one that is not known.
    func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> FieldName {
        let (first, last) = Self.ends(bytes, range)
        var index = Self.hash(first, last, range.count)
        while slots[index].name != .other {
            let slot = slots[index]
            if slot.first == first, slot.last == last, slot.count == range.count,
                Self.matches(slot.name.text, bytes, range.lowerBound)
            {
                return slot.name
            }
            index = (index + 1) & Self.mask
        }
        return .other
    }

    /// The first and the last eight octets, or all of a shorter name in both.
    @inline(__always)
    private static func ends(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (UInt64, UInt64) {
        guard range.count >= 8 else {
            var word: UInt64 = 0
            for index in range { word = word << 8 | UInt64(bytes[index]) }
            return (word | lowerCase, word | lowerCase)
        }
        let raw = bytes.bytes
        let first = raw.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
        let last = raw.unsafeLoadUnaligned(fromByteOffset: range.upperBound - 8, as: UInt64.self)
        return (first | lowerCase, last | lowerCase)
    }

    @inline(__always)
    private static func hash(_ first: UInt64, _ last: UInt64, _ count: Int) -> Int {
        let mixed = (first ^ last &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: count)) &* 0xd6e8_feb8_6659_fd93
        return Int(truncatingIfNeeded: mixed >> 56)
    }

    private static func matches(_ text: StaticString, _ bytes: Span<UInt8>, _ start: Int) -> Bool {
        for index in 0..<text.utf8CodeUnitCount where lowerCased(bytes[start + index]) != text.utf8Start[index] {
            return false
        }
        return true
    }
}

/// An ASCII letter in lower case; any other octet as it is.
@inline(__always)
func lowerCased(_ octet: UInt8) -> UInt8 {
    octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z") ? octet | 0x20 : octet
}
