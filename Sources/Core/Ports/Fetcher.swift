/// Fetches one small document over the network. Wire implements it; key sets are read through it.
public protocol Fetcher: Sendable {
    /// GETs `url` without following redirects.
    /// - Parameters:
    ///   - limit: the most bytes a body may have; more is a failure.
    ///   - seconds: the most time the whole may take.
    func get(_ url: String, limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument
}

public struct FetchedDocument: Sendable {
    public let body: [UInt8]
    /// `Cache-Control: max-age` in seconds, when the answer had one.
    public let maxAge: Int?

    public init(body: [UInt8], maxAge: Int?) {
        self.body = body
        self.maxAge = maxAge
    }
}

/// Why a document could not be had. The cases are also the values of a metric label.
public enum FetchFailure: String, Error, Sendable, CaseIterable {
    case unreachable
    case timedOut = "timed_out"
    case status
    case redirect
    case tooLarge = "too_large"
    case malformed
}
