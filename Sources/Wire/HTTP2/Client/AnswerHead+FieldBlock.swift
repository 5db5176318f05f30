import NIOCore
import OstiaryCore

extension AnswerHead {
    /// Reads an answer, final or interim, out of its field block, by the rules of RFC 9113 section 8.3.2 and those that
    /// hold for every answer.
    /// - Parameters:
    ///   - toHEAD: whether it answers a HEAD, which has no body whatever the fields say.
    ///   - isEnd: whether the stream ends with it.
    convenience init(_ block: FieldBlock, toHEAD: Bool, isEnd: Bool) throws(HeadFault) {
        if let fault = block.fault { throw .malformed(fault) }
        if let excess = block.excess { throw excess }
        guard block.method == nil, block.scheme == nil, block.authority == nil, block.path == nil,
            let place = block.status
        else { throw .malformed("an answer has :status and nothing else of the kind") }
        var status = 0
        var framing = BodyFraming.chunked
        try block.bytes.withReadableSpan { bytes throws(HeadFault) in
            status = try Self.readStatus(bytes, place)
            let declared = try BodyFraming.declared(block.fields, bytes)
            if toHEAD || status < 200 || status == 204 || status == 304 {
                framing = .none
            } else if let declared {
                framing = declared == .length(0) ? .none : declared
            }
        }
        // There is no other protocol to switch to (section 8.6), and an interim answer is never the last.
        guard status != 101 else { throw .malformed("the provider switches protocols") }
        guard !isEnd || status >= 200 else { throw .malformed("the stream ends with an interim answer") }
        if isEnd {
            guard framing == .chunked || framing == .none else { throw .malformed("the body is shorter than declared") }
            framing = .none
        }
        self.init(block.bytes, fields: block.fields, status: status, framing: framing)
    }

    private static func readStatus(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) -> Int {
        guard range.count == 3 else { throw .malformed("the status is not a number") }
        var status = 0
        for index in range {
            guard let digit = decimalDigit(bytes[index]) else { throw .malformed("the status is not a number") }
            status = status * 10 + digit
        }
        guard (100..<600).contains(status) else { throw .malformed("the status is out of range") }
        return status
    }
}
