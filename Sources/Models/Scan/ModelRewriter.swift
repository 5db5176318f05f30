public import NIOCore
import OstiaryCore

/// Puts another model name into a request body. Every byte outside the name's value stays as the client sent it.
public struct ModelRewriter: Sendable {
    /// Where the old name's JSON string lies.
    public let range: Range<Int>
    /// The new name as a JSON string.
    public let replacement: [UInt8]

    public init(_ facts: RequestFacts, to name: String) {
        range = facts.modelRange
        var quoted: [UInt8] = []
        JSONWriter.appendQuoted(name, to: &quoted)
        replacement = quoted
    }

    /// How many bytes longer the body becomes; negative when shorter.
    public var growth: Int { replacement.count - range.count }

    /// The body with the new name. A body too short to hold the old name's range is returned as it is.
    public func rewrite(_ body: [UInt8]) -> [UInt8] {
        guard range.upperBound <= body.count else { return body }
        var result: [UInt8] = []
        result.reserveCapacity(body.count + max(0, growth))
        result += body[..<range.lowerBound]
        result += replacement
        result += body[range.upperBound...]
        return result
    }

    /// The same for a buffer, counted from its reader index.
    public func rewrite(_ body: ByteBuffer, allocator: ByteBufferAllocator = ByteBufferAllocator()) -> ByteBuffer {
        guard range.upperBound <= body.readableBytes else { return body }
        var rest = body
        var result = allocator.buffer(capacity: body.readableBytes + max(0, growth))
        if var head = rest.readSlice(length: range.lowerBound) { result.writeBuffer(&head) }
        result.writeBytes(replacement)
        rest.moveReaderIndex(forwardBy: range.count)
        result.writeBuffer(&rest)
        return result
    }
}
