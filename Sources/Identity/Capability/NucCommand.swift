import OstiaryCore

/// What a token is for: a path of names. `/` alone is the empty path and stands above all others.
public struct NucCommand: Sendable, CustomStringConvertible {
    public let segments: [String]

    /// Reads `/` or `/name/name…`; `nil` where it does not begin so, or a name is empty.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        guard bytes.count > 1 else {
            segments = []
            return
        }
        let parts = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        segments = parts.map { String(decoding: $0, as: UTF8.self) }
    }

    private init(segments: [String]) {
        self.segments = segments
    }

    /// What inference at nilai asks for.
    public static let inference = NucCommand(segments: ["nil", "ai"])
    /// What nilai's clients write.
    public static let generate = NucCommand(segments: ["nil", "ai", "generate"])
    /// What documents at nilDB ask for.
    public static let documents = NucCommand(segments: ["nil", "db"])
    /// What may stand below any parent: whoever holds a token may have it revoked.
    public static let revoke = NucCommand(segments: ["nuc", "revoke"])

    /// Whether `parent` stands above this command, or is this command: its names are the first ones here, by bytes.
    public func isAttenuation(of parent: NucCommand) -> Bool {
        guard parent.segments.count <= segments.count else { return false }
        return zip(parent.segments, segments).allSatisfy { $0.hasSameBytes(as: $1) }
    }

    /// Whether both are the same path.
    public func isSame(as other: NucCommand) -> Bool {
        segments.count == other.segments.count && isAttenuation(of: other)
    }

    public var description: String { "/" + segments.joined(separator: "/") }
}
