import Crypto
import FoundationEssentials
public import OstiaryCore

/// A private key that requests are sealed to.
public struct EndpointKey: Sendable {
    let key: Curve25519.KeyAgreement.PrivateKey
    /// What clients are told of it.
    public let document: KeyDocument

    /// A new one.
    public init() {
        let key = Curve25519.KeyAgreement.PrivateKey()
        self.key = key
        document = KeyDocument(publicKey: PublicPoint(of: key))
    }

    /// - Throws: `INVALID_INPUT` for anything but 32 bytes.
    public init(_ bytes: borrowing Secret) throws(SealedFault) {
        let read = bytes.withBytes { span in
            span.withUnsafeBytes { try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: $0) }
        }
        guard let read else {
            throw SealedFault(.invalidInput, "a private key has 32 bytes")
        }
        key = read
        document = KeyDocument(publicKey: PublicPoint(of: read))
    }

    /// The private key's 32 bytes, to be kept where only the gate can read them.
    public var secret: Secret {
        var bytes = key.rawRepresentation
        defer { bytes.resetBytes(in: bytes.startIndex..<bytes.endIndex) }
        return Secret(copying: bytes.span)
    }

    /// The SHA-256 of the key document, in hexadecimal digits, for people to compare.
    public var fingerprint: String { Hex.encode(SHA256.hash(data: document.bytes)) }
}
