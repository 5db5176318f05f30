public import Crypto

/// A point of Curve25519 that somebody sent, and that a secret can be agreed on with.
///
/// swift-crypto does not look whether an agreement is all zeros, as RFC 9180 section 7.1.4 demands: with a point of low
/// order it is, whatever the private key, and anybody could make what opens. Such points are refused here, by their
/// seven encodings.
public struct PublicPoint: Hashable, Sendable {
    public static let count = 32

    /// The 32 bytes as they came (RFC 7748, section 5).
    public let bytes: [UInt8]

    /// - Returns: `nil` for another number of bytes, and for points of low order.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.count, !Self.isOfLowOrder(bytes) else { return nil }
        self.bytes = bytes
    }

    /// The point of a private key, which is never of low order: the key is a multiple of the cofactor (RFC 7748).
    init(of key: Curve25519.KeyAgreement.PrivateKey) {
        bytes = Array(key.publicKey.rawRepresentation)
    }

    /// The secret of this point and a private key.
    /// - Returns: `nil` where there is none.
    public func agreement(with key: Curve25519.KeyAgreement.PrivateKey) -> SharedSecret? {
        publicKey.flatMap { try? key.sharedSecretFromKeyAgreement(with: $0) }
    }

    var publicKey: Curve25519.KeyAgreement.PublicKey? {
        try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes)
    }

    /// RFC 7748 has the top bit masked before a point is used.
    static func isOfLowOrder(_ bytes: [UInt8]) -> Bool {
        lowOrder.contains { point in
            point.indices.allSatisfy { index in
                point[index] == (index == count - 1 ? bytes[index] & 0x7f : bytes[index])
            }
        }
    }

    /// 0, 1, the two of order 8, and p - 1, p, p + 1, least significant byte first.
    static let lowOrder: [[UInt8]] = [
        point(first: 0x00, rest: 0x00, last: 0x00),
        point(first: 0x01, rest: 0x00, last: 0x00),
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
            0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
            0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ],
        point(first: 0xec, rest: 0xff, last: 0x7f),
        point(first: 0xed, rest: 0xff, last: 0x7f),
        point(first: 0xee, rest: 0xff, last: 0x7f),
    ]

    private static func point(first: UInt8, rest: UInt8, last: UInt8) -> [UInt8] {
        [first] + [UInt8](repeating: rest, count: count - 2) + [last]
    }
}
