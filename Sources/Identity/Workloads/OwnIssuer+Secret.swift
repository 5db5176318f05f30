public import Crypto

extension OwnIssuer {
    private static let label = "ostiary workload signing key v1"

    /// An issuer whose key follows from `secret`, so that all gates with this secret believe each other's tokens, and
    /// their own from before a restart. The label keeps the key apart from all others that follow from a secret (SEC-209).
    public convenience init(issuer: String, secret: SymmetricKey) {
        // All but one in 2^32 attempts give a number that is a key; so this ends.
        for attempt in 0..<UInt8.max {
            let scalar = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret,
                info: Array("\(Self.label)/\(attempt)".utf8),
                outputByteCount: 32
            )
            let key = scalar.withUnsafeBytes { try? P256.Signing.PrivateKey(rawRepresentation: Array($0)) }
            if let key {
                self.init(issuer: issuer, key: key)
                return
            }
        }
        self.init(issuer: issuer)
    }
}
