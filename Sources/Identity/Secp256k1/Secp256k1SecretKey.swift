import CSecp256k1
import Crypto
public import OstiaryCore

/// A private key of secp256k1. Its bytes lie in locked memory, have no text form and leave it only to sign.
public final class Secp256k1SecretKey: Sendable {
    private let secret: Secret
    public let publicKey: Secp256k1PublicKey

    /// Copies 32 bytes; the caller is to forget its own.
    public init(copying bytes: Span<UInt8>) throws(Secp256k1.Fault) {
        guard Secp256k1.isAvailable else { throw .missing }
        guard bytes.count == 32 else { throw .notAKey }
        secret = Secret(copying: bytes)
        var parsed = [UInt8](repeating: 0, count: 64)
        let isKey = bytes.withUnsafeBufferPointer { secret in
            secret.baseAddress.map { csecp_public_key($0, &parsed) == 1 } ?? false
        }
        guard isKey, let publicKey = Secp256k1PublicKey(parsed: parsed) else { throw .notAKey }
        self.publicKey = publicKey
    }

    /// Reads 64 hex digits, as the API keys of nilai are written; white space around them is none of them.
    public convenience init(hex: Span<UInt8>) throws(Secp256k1.Fault) {
        guard Secp256k1.isAvailable else { throw .missing }
        var digits = hex
        while let last = digits.indices.last, Self.isBlank(digits[last]) { digits = digits.extracting(..<last) }
        while digits.count > 0, Self.isBlank(digits[0]) { digits = digits.extracting(1...) }
        guard digits.count == 64 else { throw .notAKey }
        var bytes = [UInt8](repeating: 0, count: 32)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        for index in 0..<32 {
            guard let high = Hex.value(of: digits[2 * index]), let low = Hex.value(of: digits[2 * index + 1]) else {
                throw .notAKey
            }
            bytes[index] = high << 4 | low
        }
        try self.init(copying: bytes.span)
    }

    /// A new one.
    public static func make() throws(Secp256k1.Fault) -> Secp256k1SecretKey {
        var random = SystemRandomNumberGenerator()
        var bytes = [UInt8](repeating: 0, count: 32)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        // Nearly every 32 bytes are a key.
        for _ in 0..<16 {
            for index in bytes.indices { bytes[index] = random.next() }
            do throws(Secp256k1.Fault) {
                return try Secp256k1SecretKey(copying: bytes.span)
            } catch  where error == .notAKey {
                continue
            }
        }
        throw .notAKey
    }

    /// Signs `message` with SHA-256: r and s of 32 bytes each, a low s, the nonce after RFC 6979, so that the same message
    /// always gets the same signature.
    public func sign(_ message: some Sequence<UInt8>) -> [UInt8] {
        let digest = SHA256.digest(of: message)
        var signature = [UInt8](repeating: 0, count: 64)
        _ = secret.withBytes { bytes in
            bytes.withUnsafeBufferPointer { secret in
                secret.baseAddress.map { csecp_sign($0, digest, &signature) } ?? 0
            }
        }
        return signature
    }

    /// The same in DER (X9.62), as nilai signs its answers.
    public func signDER(_ message: some Sequence<UInt8>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 72)
        var count = bytes.count
        guard csecp_der(sign(message), &bytes, &count) == 1, count <= bytes.count else { return [] }
        return Array(bytes.prefix(count))
    }

    /// Lends the 64 hex digits to whoever keeps or shows the key.
    public func withHexDigits<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        secret.withBytes { bytes in
            var digits = [UInt8](repeating: 0, count: 64)
            defer { for index in digits.indices { digits[index] = 0 } }
            for index in bytes.indices {
                digits[2 * index] = Hex.digit(bytes[index] >> 4)
                digits[2 * index + 1] = Hex.digit(bytes[index] & 0xf)
            }
            return body(digits.span)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }
}

extension SHA256 {
    /// The 32 bytes of the hash.
    static func digest(of message: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(message)))
    }
}
