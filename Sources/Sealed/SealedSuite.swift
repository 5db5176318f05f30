import Crypto

/// The one suite of EHBP: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180, section 7), and its labels.
public enum SealedSuite {
    static let kem: UInt16 = 0x0020
    static let kdf: UInt16 = 0x0001
    static let aead: UInt16 = 0x0002

    static let ciphersuite = HPKE.Ciphersuite(kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)
    /// HPKE's `info`.
    static let info = Array("ehbp request".utf8)
    static let exporterContext = Array("ehbp response".utf8)
    static let exportBytes = 32
    /// An AEAD tag.
    static let tagBytes = 16

    /// The header field of a sealed request: 64 hexadecimal digits.
    public static let requestField = "ehbp-encapsulated-key"
    /// The header field of a sealed answer: 64 hexadecimal digits.
    public static let answerField = "ehbp-response-nonce"
    /// Where the key document is published.
    public static let keyPath = "/.well-known/hpke-keys"
    /// The type of a problem that says that the client's key is not the server's.
    public static let keyProblem = "urn:ietf:params:ehbp:error:key-config"
}
