public import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where an issuer's key set is read from.
public protocol KeySetSource: Sendable {
    /// The place, by which a reload knows that nothing about it has changed. `nil` is never the same as another.
    var place: KeySetPlace? { get }

    /// Reads the document.
    /// - Parameters:
    ///   - limit: the most bytes it may have; more is a failure.
    ///   - seconds: the most time it may take.
    func read(limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument
}

/// What a key set's source reads. Two sources with equal places read the same document under the same rules.
public enum KeySetPlace: Equatable, Sendable {
    case address(String)
    case file(String)
    /// In this process: the set of the issuer whose key has this name.
    case own(String)

    public static func == (left: KeySetPlace, right: KeySetPlace) -> Bool {
        switch (left, right) {
        case (.address(let left), .address(let right)), (.file(let left), .file(let right)),
            (.own(let left), .own(let right)):
            left.hasSameBytes(as: right)
        case (.address, _), (.file, _), (.own, _): false
        }
    }

    /// Whether reading it costs nobody but this machine.
    var isFile: Bool { if case .file = self { true } else { false } }
}

extension KeySetSource {
    public var place: KeySetPlace? { nil }
}

/// A key set behind an address, fetched without following redirects.
public struct FetchedKeySet: KeySetSource {
    private let url: String
    private let fetcher: any Fetcher

    /// - Parameter url: an absolute `https` address, or `http` on loopback, without user and password; anything else
    ///   gives `nil`.
    public init?(url: String, fetcher: any Fetcher) {
        guard Self.isAllowed(url) else { return nil }
        self.url = url
        self.fetcher = fetcher
    }

    public var place: KeySetPlace? { .address(url) }

    public func read(limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        try await fetcher.get(url, limit: limit, seconds: seconds)
    }

    /// Whether keys may be fetched from `url`.
    public static func isAllowed(_ url: String) -> Bool {
        let bytes = Array(url.utf8)
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) else { return false }
        let secure = bytes.starts(with: "https://".utf8)
        guard secure || bytes.starts(with: "http://".utf8) else { return false }
        let rest = bytes.dropFirst(secure ? 8 : 7)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else { return false }
        let host =
            authority.first == UInt8(ascii: "[")
            ? authority.prefix { $0 != UInt8(ascii: "]") } + [UInt8(ascii: "]")]
            : authority.prefix { $0 != UInt8(ascii: ":") }
        guard !host.isEmpty else { return false }
        return secure || isLoopback(String(decoding: host, as: UTF8.self))
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// A key set in a file, read again on the same schedule as a fetched one.
public struct KeySetFile: KeySetSource {
    private let path: String

    public init(path: String) {
        self.path = path
    }

    public var place: KeySetPlace? { .file(path) }

    public func read(limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .unreachable }
        defer { close(file) }
        var status = stat()
        // A pipe or device could block or never end.
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreachable }
        var body: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = chunk.withUnsafeMutableBytes { SystemCall.read(file, $0) }
            guard count >= 0 else { throw .unreachable }
            if count == 0 { return FetchedDocument(body: body, maxAge: nil) }
            body.append(contentsOf: chunk.prefix(count))
            guard body.count <= limit else { throw .tooLarge }
        }
    }
}
