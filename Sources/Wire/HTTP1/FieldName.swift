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

/// Finds the known name for bytes in any case: a hash over the lower-cased bytes, then a full comparison.
struct FieldNameTable: Sendable {
    private static let slots = 256
    // 0 where no name hashes to the slot; collisions of known names are resolved by probing.
    private let names: [UInt8]
    private let texts: [[UInt8]]

    static let shared = FieldNameTable()

    init() {
        var names = [UInt8](repeating: 0, count: Self.slots)
        var texts = [[UInt8]](repeating: [], count: FieldName.allCases.count)
        for name in FieldName.allCases where name != .other {
            let text = name.text.withUTF8Buffer { Array($0) }
            texts[Int(name.rawValue)] = text
            var hash: UInt32 = 0
            for octet in text { hash = Self.mix(hash, octet) }
            var slot = Int(hash) & (Self.slots - 1)
            while names[slot] != 0 { slot = (slot + 1) & (Self.slots - 1) }
            names[slot] = name.rawValue
        }
        self.names = names
        self.texts = texts
    }

    /// Adds one octet, in either case, to a hash that began with zero.
    @inline(__always)
    static func mix(_ hash: UInt32, _ octet: UInt8) -> UInt32 {
        (hash &+ UInt32(octet | 0x20)) &* 0x9e37_79b1 ^ (hash >> 15)
    }

    /// The name of `bytes[range]`, whose hash is known; `.other` for any other name.
    func find(_ hash: UInt32, _ bytes: Span<UInt8>, _ range: Range<Int>) -> FieldName {
        var slot = Int(hash) & (Self.slots - 1)
        while names[slot] != 0 {
            let text = texts[Int(names[slot])]
            if text.count == range.count, Self.matches(text, bytes, range.lowerBound) {
                return FieldName(rawValue: names[slot]) ?? .other
            }
            slot = (slot + 1) & (Self.slots - 1)
        }
        return .other
    }

    private static func matches(_ text: [UInt8], _ bytes: Span<UInt8>, _ start: Int) -> Bool {
        for index in 0..<text.count where lowerCased(bytes[start + index]) != text[index] { return false }
        return true
    }
}

/// An ASCII letter in lower case; any other octet as it is.
@inline(__always)
func lowerCased(_ octet: UInt8) -> UInt8 {
    octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z") ? octet | 0x20 : octet
}
