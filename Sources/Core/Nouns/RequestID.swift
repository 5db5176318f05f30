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

    /// Calls `emit` with each byte of the written form.
    @inlinable
    public func forEachByte(_ emit: (UInt8) -> Void) {
        emit(UInt8(ascii: "r"))
        emit(UInt8(ascii: "e"))
        emit(UInt8(ascii: "q"))
        emit(UInt8(ascii: "_"))
        Hex.forEachDigit(of: high, emit)
        Hex.forEachDigit(of: low, emit)
    }

    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        forEachByte { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
