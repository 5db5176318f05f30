/// A JSON document (RFC 8259) that was checked in one pass and stays bytes: an index of where its values stand, and no
/// tree.
///
/// What only moves from one document to another, text above all, is copied from here as it was written. Strictness is
/// that of `JSONReader`, but for lone surrogates, which real clients send: whoever copies or decodes a string gets
/// U+FFFD in their place. Reading is linear in the bytes; an object of many members costs a sort of their hashes. No
/// input traps.
public final class JSONDocument: Sendable {
    /// What a document may have at most.
    public struct Limits: Sendable {
        /// Arrays and objects open at once.
        public var depth: Int
        /// Values in all, the members' names not counted.
        public var values: Int

        public init(depth: Int = 128, values: Int = 100_000) {
            self.depth = depth
            self.values = values
        }
    }

    struct Node: Sendable {
        enum Kind: UInt8 {
            case null, yes, no, number, string, array, object
        }

        /// Where the value's bytes begin, and end.
        var start: UInt32
        var end: UInt32
        /// The node behind this one and all below it.
        var next: UInt32
        var kind: Kind
        /// Whether a string here or below has a backslash.
        var hasEscapes = false
        /// Whether a string here or below has an escape that writes a character by its number (`\u`).
        var hasNumberedEscapes = false
    }

    /// The longest document, in bytes.
    public static let longest = 1 << 30

    let bytes: [UInt8]
    let nodes: [Node]

    /// Checks `bytes`, one value with optional white space around it.
    public init(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONFault) {
        guard bytes.count <= Self.longest else { throw JSONFault(.tooMany, at: Self.longest) }
        var indexer = JSONIndexer(limits, expecting: bytes.count)
        try indexer.index(bytes.span)
        self.bytes = bytes
        nodes = indexer.nodes
    }

    /// The document's value.
    public var root: JSONSlice { JSONSlice(document: self, position: 0) }
}
