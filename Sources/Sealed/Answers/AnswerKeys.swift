import Crypto
import FoundationEssentials

/// The key of one answer, and the nonces of its frames (EHBP; HKDF of RFC 5869, without HPKE's labels).
struct AnswerKeys: Sendable {
    let key: SymmetricKey
    /// 12 bytes, under the number of a frame.
    let base: [UInt8]
    let nonce: ResponseNonce

    init(_ secret: AnswerSecret, nonce: ResponseNonce) {
        let salt = secret.encapsulated.point.bytes + nonce.bytes
        let pseudorandom = HKDF<SHA256>.extract(inputKeyMaterial: secret.secret, salt: salt)
        key = HKDF<SHA256>.expand(
            pseudoRandomKey: pseudorandom,
            info: Array("key".utf8),
            outputByteCount: 32
        )
        base = HKDF<SHA256>.expand(
            pseudoRandomKey: pseudorandom,
            info: Array("nonce".utf8),
            outputByteCount: 12
        ).withUnsafeBytes { Array($0) }
        self.nonce = nonce
    }

    /// The nonce of a frame: its number, big-endian, over the last eight bytes of the base.
    static func nonce(_ base: [UInt8], _ sequence: UInt64) -> [UInt8] {
        var nonce = base
        for index in 0..<min(8, nonce.count) {
            nonce[nonce.count - 1 - index] ^= UInt8(truncatingIfNeeded: sequence >> (8 * UInt64(index)))
        }
        return nonce
    }
}
