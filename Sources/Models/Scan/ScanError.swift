/// Why a document was refused while it was scanned, and at which byte.
public struct ScanError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// Not the grammar of RFC 8259.
        case malformed
        /// The document's value is something other than an object.
        case notAnObject
        /// Bytes that are not UTF-8 inside a string (RFC 3629).
        case invalidUTF8
        /// An escape of half a surrogate pair, which stands for no character.
        case loneSurrogate
        /// More than `MemberScanner.deepest` containers inside one another.
        case tooDeep
        /// A wanted member appears a second time; the value is its path, like `stream_options.include_usage`.
        case duplicate(String)
        /// A member whose name is a wanted one in other letter case. Some JSON readers take it for the wanted one.
        case otherCase(String)
        /// The document ended too early.
        case truncated
    }

    public let reason: Reason
    /// Counted from the document's first byte, which is 0.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
