/// Why bytes are not the JSON that the strict reader takes, and where.
public struct JSONFault: Error, Hashable, Sendable {
    public enum Reason: String, Sendable, CaseIterable {
        /// The bytes break the grammar of RFC 8259.
        case syntax
        /// The bytes end inside a value.
        case truncated
        /// More follows behind the value.
        case trailing
        /// Arrays and objects are nested more deeply than the caller allows.
        case depth
        /// More values than the caller allows.
        case tooMany = "too_many"
        /// An object has two members of one name, escapes undone.
        case duplicateMember = "duplicate_member"
        /// The bytes are not UTF-8 (RFC 8259 section 8.1), or begin with a byte order mark.
        case encoding
        /// An escaped surrogate stands alone (RFC 8259 section 8.2).
        case loneSurrogate = "lone_surrogate"
    }

    public let reason: Reason
    /// The offset of the byte at which it was seen.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
