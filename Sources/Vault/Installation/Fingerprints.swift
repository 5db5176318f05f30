import Crypto
public import OstiaryCore

/// Names for keys that say nothing about them: the first eight hex digits of `HMAC-SHA256(installation's key, key)`. Two
/// keys of one fingerprint are very likely the same; who has the fingerprint alone can test no guess.
public struct Fingerprints: Sendable {
    private let key: SymmetricKey

    public init(_ installation: InstallationKey) {
        key = installation.key(for: .fingerprints)
    }

    public func of(_ secret: borrowing Secret) -> String {
        secret.withBytes { bytes in
            var code = HMAC<SHA256>(key: key)
            bytes.withUnsafeBufferPointer { code.update(data: $0) }
            return Hex.encode(Array(code.finalize()).prefix(4))
        }
    }
}
