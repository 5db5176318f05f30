public import OstiaryCore

/// The list of revoked tokens as it is kept: hashes, and nothing that could be used.
public struct RevocationDocument: Sendable {
    /// One token that is good no more.
    public struct Record: Hashable, Sendable {
        public let hash: NucHash
        /// Whole seconds of Unix time, as `ends`.
        public let revoked: Int
        /// When the token would have expired; from then on the record is of no use.
        public let ends: Int

        public init(hash: NucHash, revoked: Int, ends: Int) {
            self.hash = hash
            self.revoked = revoked
            self.ends = ends
        }
    }

    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// Not such a list.
        case damaged
        /// As many records as it may have.
        case full

        public var description: String {
            switch self {
            case .damaged: "this is not a list of revoked tokens"
            case .full: "the list has \(RevocationDocument.limit) revoked tokens that have not expired"
            }
        }
    }

    /// The most records, and the most bytes of the document.
    public static let limit = 100_000
    public static let largest = 16 << 20
    private static let format = "ostiary-revoked-tokens"

    public private(set) var records: [Record] = []

    public init() {}

    /// Reads what `bytes` gave.
    public init(reading bytes: [UInt8]) throws(Fault) {
        guard let root = try? JSONReader.read(bytes, depth: 4).object, root["format"]?.string == Self.format,
            let elements = root["revoked"]?.array, elements.count <= Self.limit
        else { throw .damaged }
        for element in elements {
            guard let hash = element.object?["token_hash"]?.string.flatMap({ NucHash($0) }),
                let revoked = element.object?["revoked_at"]?.number?.int,
                let ends = element.object?["expires_at"]?.number?.int
            else { throw .damaged }
            records.append(Record(hash: hash, revoked: revoked, ends: ends))
        }
    }

    /// Adds a token, unless it is there, and drops those that have expired.
    /// - Returns: whether anything is new.
    public mutating func add(_ record: Record, now: UnixTime) throws(Fault) -> Bool {
        records.removeAll { Double($0.ends) <= now.seconds }
        guard !records.contains(where: { $0.hash == record.hash }) else { return false }
        guard records.count < Self.limit else { throw .full }
        records.append(record)
        return true
    }

    public var bytes: [UInt8] {
        let elements: [JSONValue] = records.map { record in
            .members(
                ("token_hash", .string("\(record.hash)")),
                ("revoked_at", .integer(record.revoked)),
                ("expires_at", .integer(record.ends))
            )
        }
        return JSONWriter.write(.members(("format", .string(Self.format)), ("revoked", .array(elements))))
    }
}
