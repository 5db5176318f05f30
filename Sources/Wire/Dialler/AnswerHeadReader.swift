import NIOCore

/// Reads an answer's head out of the bytes as they come, past the interim ones (1xx, RFC 9110 section 15.2).
struct AnswerHeadReader {
    /// Interim answers that may come before the answer.
    private static let interimLimit = 32

    private let isHEAD: Bool
    private var inbound = ByteBuffer()
    private var headEnd = HeadEnd()
    private var interimHeads = 0

    /// - Parameter toHEAD: whether the answer is to a HEAD.
    init(toHEAD: Bool) {
        isHEAD = toHEAD
    }

    /// Takes bytes in; returns the head once it is complete.
    /// - Throws: when it cannot be read in one way only, or is too large.
    mutating func read(_ bytes: ByteBuffer) throws(HeadFault) -> AnswerHead? {
        inbound.takeIn(bytes)
        while true {
            let end = try inbound.withReadableSpan { span throws(HeadFault) in try headEnd.find(span) }
            guard let end else {
                if inbound.readableBytes > AnswerHead.sizeLimit { throw .headTooLarge }
                return nil
            }
            guard end <= AnswerHead.sizeLimit, let bytes = inbound.readSlice(length: end) else { throw .headTooLarge }
            let head = try AnswerHead(bytes, toHEAD: isHEAD)
            if head.status == 101 { throw .malformed("the provider switches protocols unasked") }
            if head.status >= 200 { return head }
            interimHeads += 1
            guard interimHeads <= Self.interimLimit else { throw .malformed("too many interim answers") }
        }
    }

    /// What came behind the head.
    mutating func takeRest() -> ByteBuffer {
        let rest = inbound
        inbound = ByteBuffer()
        return rest
    }
}
