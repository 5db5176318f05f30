import OstiaryCore

/// Takes a chunked body apart (RFC 9112 section 7.1), fed with pieces of any size.
///
/// Strict: CRLF only, at most 16 hex digits a size, extensions and trailers bounded, each in all.
/// Extensions and trailer fields are checked and dropped.
struct ChunkReader: Sendable {
    enum Step: Equatable {
        /// Body bytes: this range of what was fed.
        case data(Range<Int>)
        /// More bytes are needed; everything fed has been used.
        case more
        /// The body is complete; the bytes from this index on belong to the next message.
        case end(Int)
    }

    private enum State {
        case size(digits: Int)
        case extensions
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case finalLineFeed
        case end
    }

    /// How many bytes the extensions of all chunks together, and all trailer fields together, may have.
    struct Limits: Sendable {
        var extensions = 1024
        var trailers = 8192
    }

    private let limits: Limits
    private var state = State.size(digits: 0)
    private var remaining = 0
    private var isLast = false
    private var extensionBytes = 0
    private var trailerBytes = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    var isComplete: Bool {
        if case .end = state { true } else { false }
    }

    /// Reads on from `index`, which it moves.
    mutating func next(_ bytes: Span<UInt8>, _ index: inout Int) throws(HeadFault) -> Step {
        while index < bytes.count {
            let octet = bytes[index]
            switch state {
            case .size(let digits):
                try readSize(octet, digits)
                index += 1
            case .extensions:
                try readExtension(octet)
                index += 1
            case .sizeLineFeed:
                guard octet == 0x0a else { throw .malformed("a chunk size line ends without LF") }
                state = isLast ? .trailerStart : .data
                index += 1
            case .data:
                let end = min(bytes.count, index + remaining)
                let range = index..<end
                remaining -= range.count
                if remaining == 0 { state = .dataCarriageReturn }
                index = end
                return .data(range)
            case .dataCarriageReturn:
                guard octet == 0x0d else { throw .malformed("a chunk is longer than its size") }
                state = .dataLineFeed
                index += 1
            case .dataLineFeed:
                guard octet == 0x0a else { throw .malformed("a chunk ends without LF") }
                state = .size(digits: 0)
                index += 1
            case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed:
                try readTrailer(octet)
                index += 1
            case .finalLineFeed:
                guard octet == 0x0a else { throw .malformed("the last chunk ends without LF") }
                state = .end
                index += 1
                return .end(index)
            case .end:
                return .end(index)
            }
        }
        return isComplete ? .end(index) : .more
    }

    private mutating func readSize(_ octet: UInt8, _ digits: Int) throws(HeadFault) {
        if let value = Hex.value(of: octet) {
            guard digits < 16, remaining < 1 << 40 else { throw .malformed("a chunk size is too long") }
            remaining = remaining << 4 | Int(value)
            state = .size(digits: digits + 1)
            return
        }
        guard digits > 0 else { throw .malformed("a chunk has no size") }
        isLast = remaining == 0
        switch octet {
        case 0x0d: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .extensions
        default: throw .malformed("a chunk size is not hexadecimal")
        }
    }

    private mutating func readExtension(_ octet: UInt8) throws(HeadFault) {
        extensionBytes += 1
        guard extensionBytes <= limits.extensions else { throw .extensionsTooLarge }
        if octet == 0x0d {
            state = .sizeLineFeed
        } else if !OctetClass.fieldValue.contains(octet) {
            throw .malformed("a chunk extension holds a control character")
        }
    }

    private mutating func readTrailer(_ octet: UInt8) throws(HeadFault) {
        trailerBytes += 1
        guard trailerBytes <= limits.trailers else { throw .trailersTooLarge }
        switch state {
        case .trailerStart where octet == 0x0d:
            state = .finalLineFeed
        case .trailerStart where OctetClass.token.contains(octet):
            state = .trailerName
        case .trailerName where octet == UInt8(ascii: ":"):
            state = .trailerValue
        case .trailerName where OctetClass.token.contains(octet):
            break
        case .trailerValue where octet == 0x0d:
            state = .trailerLineFeed
        case .trailerValue where OctetClass.fieldValue.contains(octet):
            break
        case .trailerLineFeed where octet == 0x0a:
            state = .trailerStart
        default:
            throw .malformed("a trailer field is malformed")
        }
    }
}
