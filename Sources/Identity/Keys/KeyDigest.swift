import Crypto
import OstiaryCore

/// What is kept of a virtual key: HMAC-SHA-256 under a key of the file's own (SEC-208, SEC-402).
///
/// It is no credential: whoever presents it is hashed as anybody else is. Under another file's key the same virtual key
/// has another digest, and a label keeps it apart from whatever else might be hashed.
public struct KeyDigest: Hashable, Sendable {
    static let length = 32
    private static let label: [UInt8] = Array("ostiary virtual key v1\0".utf8)

    let bytes: [UInt8]

    /// Always over all bytes, whoever's they are, so that its time tells nothing.
    init(of key: Span<UInt8>, under hashKey: SymmetricKey) {
        var code = HMAC<SHA256>(key: hashKey)
        code.update(data: Self.label)
        key.withUnsafeBytes { code.update(data: $0) }
        bytes = Array(code.finalize())
    }

    /// Reads 64 hex digits.
    init?(hex: String) {
        guard hex.utf8.count == 2 * Self.length, let bytes = Hex.decode(Array(hex.utf8)) else { return nil }
        self.bytes = bytes
    }

    var hex: String { Hex.encode(bytes) }
}
