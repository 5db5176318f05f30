/// Scope names (RFC 6749 section 3.3), compared by bytes: Swift's own `==` would call two spellings of one accented
/// letter equal.
public struct Scopes: Sendable {
    public let names: [String]

    public init(_ names: [String]) {
        self.names = names
    }

    /// Reads names divided by spaces.
    public init(spaceSeparated text: String) {
        // By bytes: as characters, a space with a combining mark behind it would be none.
        names = text.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    public func contains(_ name: String) -> Bool {
        names.contains { $0.hasSameBytes(as: name) }
    }

    public func containsAll(of other: Scopes) -> Bool {
        other.names.allSatisfy(contains)
    }

    public var isEmpty: Bool { names.isEmpty }
    /// The names divided by spaces, as `scope="…"` in a challenge has them.
    public var spaceSeparated: String { names.joined(separator: " ") }
}
