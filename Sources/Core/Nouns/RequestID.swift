/// A request's name in answers, logs and traces: 128 random bits, written as `req_` and 32 hex digits.
public struct RequestID: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> RequestID {
        RequestID(high: generator.next(), low: generator.next())
    }

    /// The length of the written form in bytes.
    public static let length = 36

    /// Lends the written form.
    @inlinable
    public func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        var bytes = InlineArray<36, UInt8>(repeating: UInt8(ascii: "_"))
        bytes[0] = UInt8(ascii: "r")
        bytes[1] = UInt8(ascii: "e")
        bytes[2] = UInt8(ascii: "q")
        var index = 4
        for half in 0..<2 {
            let word = half == 0 ? high : low
            var shift: UInt64 = 64
            while shift > 0 {
                shift -= 4
                bytes[index] = Hex.digit(UInt8(truncatingIfNeeded: (word >> shift) & 0xf))
                index += 1
            }
        }
        return body(bytes.span)
    }

    public var description: String {
        withBytes { bytes in bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
    }
}
