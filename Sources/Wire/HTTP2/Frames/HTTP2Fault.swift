/// Why a connection or stream ends (RFC 9113 section 7).
enum HTTP2Code: UInt32 {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case streamClosed = 0x5
    case frameSizeError = 0x6
    case refusedStream = 0x7
    case cancel = 0x8
    case compressionError = 0x9
    case enhanceYourCalm = 0xb
}

/// A fault of the peer that ends the connection (RFC 9113 section 5.4.1).
struct HTTP2Fault: Error {
    let code: HTTP2Code
    /// For the frame that says goodbye; from the source text, never from the peer.
    let reason: StaticString

    init(_ code: HTTP2Code, _ reason: StaticString) {
        self.code = code
        self.reason = reason
    }
}
