import NIOCore
import OstiaryCore

/// Why a request's field block is no request.
enum RequestBlockFault: Error, Equatable {
    /// It breaks the rules of HTTP/2 itself (RFC 9113 section 8.1.1): the stream is reset.
    case malformed(StaticString)
    /// HTTP/1.1 would refuse it as well, and it gets the same answer.
    case refused(HeadFault)

    static func == (left: RequestBlockFault, right: RequestBlockFault) -> Bool {
        switch (left, right) {
        case (.malformed, .malformed): true
        case (.refused(let one), .refused(let other)): one == other
        default: false
        }
    }
}

extension RequestHead {
    /// Reads a request out of its field block, by the rules of RFC 9113 section 8.3.1 and those that hold for every
    /// request: one form of target, one host, one framing.
    /// - Parameter isEnd: whether the stream ends with it, so that there is no body.
    convenience init(_ block: FieldBlock, isEnd: Bool, limits: Limits) throws(RequestBlockFault) {
        if let fault = block.fault { throw .malformed(fault) }
        if let excess = block.excess { throw .refused(excess) }
        guard let method = block.method, let path = block.path, let scheme = block.scheme, block.status == nil else {
            throw .malformed("a request has :method, :scheme and :path")
        }
        var block = block
        let result: Result<Parts, RequestBlockFault> = block.bytes.withReadableSpan { bytes in
            do throws(RequestBlockFault) {
                return .success(try Self.read(bytes, method, scheme, path, block, isEnd: isEnd, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        let parts = try result.get()
        if let authority = block.authority, !block.fields.has(.host) { block.alias(.host, of: authority) }
        self.init(
            block.bytes,
            method: parts.method,
            target: parts.target,
            fields: block.fields,
            framing: parts.framing,
            expectsContinue: parts.expectsContinue
        )
    }

    private struct Parts {
        let method: Method
        let target: RequestTarget
        let framing: BodyFraming
        let expectsContinue: Bool
    }

    private static func read(
        _ bytes: Span<UInt8>,
        _ method: Range<Int>,
        _ scheme: Range<Int>,
        _ path: Range<Int>,
        _ block: FieldBlock,
        isEnd: Bool,
        limits: Limits
    ) throws(RequestBlockFault) -> Parts {
        guard !method.isEmpty, method.allSatisfy({ OctetClass.token.contains(bytes[$0]) }) else {
            throw .malformed("the method is not a token")
        }
        guard RequestHeadReader.equals(bytes, scheme, "https") || RequestHeadReader.equals(bytes, scheme, "http") else {
            throw .malformed("the scheme is neither https nor http")
        }
        guard let first = path.first else { throw .malformed("the path is empty") }
        do throws(HeadFault) {
            guard path.count <= limits.target else { throw .targetTooLong }
            guard bytes[first] == UInt8(ascii: "/") else { throw .malformed("the target is not a path") }
            let target = try RequestTarget.read(bytes, path)
            try checkHost(bytes, block)
            let (framing, expectsContinue) = try readFraming(bytes, block.fields, isEnd: isEnd)
            return Parts(
                method: RequestHeadReader.method(bytes.extracting(method), method.count),
                target: target,
                framing: framing,
                expectsContinue: expectsContinue
            )
        } catch {
            throw .refused(error)
        }
    }

    /// `:authority`, or `Host` where there is none; where there are both they agree (RFC 9113 section 8.3.1).
    private static func checkHost(_ bytes: Span<UInt8>, _ block: FieldBlock) throws(HeadFault) {
        let host = block.fields.first(.host)
        guard let authority = block.authority ?? host, HostField.isValid(bytes, authority) else {
            throw .malformed("the authority must be host[:port]")
        }
        guard let host, block.authority != nil else { return }
        let agree =
            host.count == authority.count
            && zip(host, authority).allSatisfy { lowerCased(bytes[$0]) == lowerCased(bytes[$1]) }
        guard agree else { throw .malformed("Host and :authority differ") }
    }

    private static func readFraming(
        _ bytes: Span<UInt8>,
        _ fields: FieldLines,
        isEnd: Bool
    ) throws(HeadFault) -> (BodyFraming, Bool) {
        let declared = try BodyFraming.declared(fields, bytes)
        var expectsContinue = false
        if let expect = fields.first(.expect) {
            guard RequestHeadReader.equals(bytes, expect, "100-continue") else { throw .unknownExpectation }
            expectsContinue = !isEnd
        }
        guard isEnd else { return (declared ?? .chunked, expectsContinue) }
        guard declared == nil || declared == .length(0) else { throw .malformed("the body is shorter than declared") }
        return (.none, expectsContinue)
    }
}
