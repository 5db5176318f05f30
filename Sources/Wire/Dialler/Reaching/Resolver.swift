/// Knows which addresses a host's name leads to.
public protocol Resolver: Sendable {
    /// All addresses of `name`, the best first, never none. It may take as long as it likes: whoever asks has a
    /// time-out of his own.
    func addresses(of name: String) async throws(ResolveFailure) -> [IPAddress]
}

/// Why a name leads nowhere: there is no such name, it has no address, or nobody who knows answers.
public struct ResolveFailure: Error, Sendable {
    public init() {}
}
