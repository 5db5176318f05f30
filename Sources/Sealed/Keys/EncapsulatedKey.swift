import OstiaryCore

/// The point of a sealed request's header field, on which both sides agree on the request's keys.
public struct EncapsulatedKey: Hashable, Sendable {
    public let point: PublicPoint

    public init(_ point: PublicPoint) {
        self.point = point
    }

    /// Reads the field's value: 64 hexadecimal digits of either case.
    /// - Throws: `INVALID_ENCAPSULATED_KEY`, or `HPKE_SETUP_FAILED` for a point of low order.
    public init(field value: some Collection<UInt8>) throws(SealedFault) {
        guard value.count == 2 * PublicPoint.count, let bytes = Hex.decode(value) else {
            throw SealedFault(.invalidEncapsulatedKey, "is not 64 hexadecimal digits")
        }
        guard let point = PublicPoint(bytes) else { throw SealedFault(.hpkeSetupFailed, "is a point of low order") }
        self.point = point
    }

    /// The field's value.
    public var field: String { Hex.encode(point.bytes) }
}
