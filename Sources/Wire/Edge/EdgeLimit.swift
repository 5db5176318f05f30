/// A bound of the edge that a client can run into (SEC-109). The metrics tell how often each was reached; the names are
/// those of the configuration below `listen.limits`.
enum EdgeLimit: String, Sendable, CaseIterable {
    case head, fields, target, body
    case chunkExtensions = "chunk_extensions"
    case trailers
    case headerTimeout = "header_timeout"
    case bodyIdle = "body_idle"
    case bodyRate = "body_rate"
    case sendIdle = "send_idle"
    case idle
    case connections
    case connectionsPerPeer = "connections_per_peer"
    case requestsPerConnection = "requests_per_connection"
}

extension HeadFault {
    /// The bound that the message is beyond, where it is refused for its size.
    var limit: EdgeLimit? {
        switch self {
        case .headTooLarge: .head
        case .tooManyFields: .fields
        case .targetTooLong: .target
        case .extensionsTooLarge: .chunkExtensions
        case .trailersTooLarge: .trailers
        case .bodyTooLarge: .body
        case .malformed, .unknownCoding, .unknownVersion, .unknownExpectation: nil
        }
    }
}
