/// A door of a gate on this machine.
public enum LoopbackDoor: Hashable, Sendable, CustomStringConvertible {
    case address(Configuration.Address)
    /// A Unix socket's path.
    case socket(String)

    /// Reads `host:port`, `http://host:port` or `unix:PATH`; `nil` for anything beyond this machine.
    public init?(parsing text: String) {
        if text.utf8.starts(with: "unix:".utf8) {
            let path = String(text.dropFirst("unix:".count))
            guard (1...107).contains(path.utf8.count) else { return nil }
            self = .socket(path)
            return
        }
        var rest = text[...]
        if rest.utf8.starts(with: "http://".utf8) { rest = rest.dropFirst("http://".count) }
        while rest.utf8.last == UInt8(ascii: "/") { rest.removeLast() }
        guard let address = Configuration.Address(parsing: String(rest)), address.isLoopback, address.port > 0 else {
            return nil
        }
        self = .address(address)
    }

    public var description: String {
        switch self {
        case .address(let address): "http://\(address)"
        case .socket(let path): "unix:\(path)"
        }
    }
}

/// The command's way to a gate on this machine: plain HTTP/1.1, one request a connection, no redirects.
public protocol LoopbackClient: Sendable {
    /// Posts `body` and hands the answer's body over as it arrives.
    /// - Parameters:
    ///   - fields: header fields besides `Host` and `Content-Length`.
    ///   - piece: called for each piece of the answer's body, in order.
    /// - Returns: the answer's status.
    func post(
        _ path: String,
        to door: LoopbackDoor,
        fields: [(name: String, value: String)],
        body: [UInt8],
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int

    /// Gets what lies at a path and hands its body over as it arrives.
    /// - Returns: the answer's status.
    func get(
        _ path: String,
        from door: LoopbackDoor,
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int
}

/// Why a gate on this machine gave no whole answer.
public enum LoopbackFailure: Error, Sendable {
    /// Nobody listens there.
    case unreachable
    /// The connection ended before the answer did.
    case cut
    /// The answer is not HTTP.
    case malformed
}
