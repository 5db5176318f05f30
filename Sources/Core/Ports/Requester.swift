/// Asks one small question over the network and brings the answer, whatever its status. Wire implements it; keys that lie
/// elsewhere are asked for through it. Redirects are not followed, and an answer with one counts as any other.
public protocol Requester: Sendable {
    /// - Parameters:
    ///   - limit: the most bytes that the answer's body may have; more is a failure.
    ///   - seconds: the most time the whole may take.
    func send(_ request: OutboundRequest, limit: Int, seconds: Double) async throws(FetchFailure) -> OutboundAnswer
}

/// A request of the gate's own.
public struct OutboundRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public let method: Method
    public let url: String
    /// Field values are bytes, as some of them are secrets.
    public var fields: [(name: String, value: [UInt8])] = []
    public var body: [UInt8] = []
    /// A file with the certificates (PEM) of the authority that is believed instead of the system's.
    public var authority: String?

    public init(_ method: Method, _ url: String) {
        self.method = method
        self.url = url
    }
}

/// What came back.
public struct OutboundAnswer: Sendable {
    public let status: Int
    public let body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
