/// What the client asked, read once from the head of the request.
///
/// Routing, permission, limits, journal and upstream all use this value; nothing is derived again from the raw bytes
/// (one parse, one truth). The model a call names lies in its body and is read by Models after the permit.
public final class Call: Sendable {
    /// Identifies the call in answers, logs and metrics; sent as `X-Request-Id`.
    public let id: RequestID
    public let method: Method
    /// The registered route, or `nil` when no route has this path.
    public let route: Route?
    /// Whose client this is.
    public let family: APIFamily
    /// What stands in the place of the route's `{id}`; `nil` for a route without one.
    public let subject: String?
    /// The raw query without `?`, kept for the upstream and never logged; empty when there is none.
    public let query: [UInt8]
    /// The credential as handed in, or `nil` when the client sent none.
    public let credential: Credential?
    /// Another credential that could be meant as well; `nil` in nearly every call. Who is believed by `credential` is
    /// not, where this one names somebody else.
    public let rival: Credential?
    /// The certificate that the connection's other end proved to hold; `nil` without mutual TLS.
    public let certificate: ClientCertificate?
    /// The address of the connection's other end, without port.
    public let peer: Peer
    /// When the first byte of the request was read.
    public let started: MonotonicTime

    public init(
        id: RequestID,
        method: Method,
        route: Route?,
        family: APIFamily = .openAI,
        subject: String? = nil,
        query: [UInt8],
        credential: Credential?,
        rival: Credential? = nil,
        certificate: ClientCertificate? = nil,
        peer: Peer,
        started: MonotonicTime
    ) {
        self.id = id
        self.method = method
        self.route = route
        self.family = family
        self.subject = subject
        self.query = query
        self.credential = credential
        self.rival = rival
        self.certificate = certificate
        self.peer = peer
        self.started = started
    }
}

/// The methods of RFC 9110 section 9 that a route can serve.
public enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    /// Any other well-formed method; no route serves it.
    case other = "other"
}

/// The address of a connection's other end in text form, without port. Limits count by it, logs show it.
public struct Peer: Hashable, Sendable {
    public let address: String

    public init(address: String) {
        self.address = address
    }
}
