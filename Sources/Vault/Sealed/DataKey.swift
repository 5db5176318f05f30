import Crypto
import OstiaryCore

/// A random key under which entries are sealed; itself sealed under the key made from the master secret.
struct DataKey: Sendable {
    let kid: String
    let created: UnixTime
    let isActive: Bool
    private let holder: SecretHolder

    init(kid: String, created: UnixTime, isActive: Bool, _ secret: consuming Secret) {
        self.kid = kid
        self.created = created
        self.isActive = isActive
        holder = SecretHolder(secret)
    }

    /// A new one.
    init(kid: String, created: UnixTime) {
        var bytes = [UInt8].random(32)
        defer { wipe(&bytes) }
        self.init(kid: kid, created: created, isActive: true, Secret(copying: bytes.span))
    }

    /// Seals entries and nothing else (SEC-209).
    var forEntries: SymmetricKey { derived("ostiary vault entry") }

    /// Marks the whole document and nothing else.
    var forDocument: SymmetricKey { derived("ostiary vault document") }

    var retired: DataKey { DataKey(kid: kid, created: created, isActive: false, holder) }

    private init(kid: String, created: UnixTime, isActive: Bool, _ holder: SecretHolder) {
        self.kid = kid
        self.created = created
        self.isActive = isActive
        self.holder = holder
    }

    private func derived(_ label: String) -> SymmetricKey {
        // In a variable: Swift 6.3's optimizer gives up on a loan that has no name, here and in `wrapped`.
        let loan = Loan(of: holder)
        return loan.withBytes { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                HKDF<SHA256>.deriveKey(
                    inputKeyMaterial: SymmetricKey(data: bytes),
                    info: Array(label.utf8),
                    outputByteCount: 32
                )
            }
        }
    }

    func wrapped(under key: SymmetricKey) throws(SealFault) -> SealedDocument.Key {
        let loan = Loan(of: holder)
        let sealed = try loan.withBytes { bytes throws(SealFault) in
            try bytes.withUnsafeBufferPointer { bytes throws(SealFault) in
                try SealedBytes(
                    sealing: UnsafeRawBufferPointer(bytes),
                    under: key,
                    binding: .dataKey(kid: kid)
                )
            }
        }
        return SealedDocument.Key(kid: kid, sealed: sealed, created: created, isActive: isActive)
    }
}

extension SealedDocument.Key {
    func opened(under key: SymmetricKey) throws(SealFault) -> DataKey {
        let secret = try sealed.open(under: key, binding: .dataKey(kid: kid))
        guard secret.count == 32 else { throw SealFault() }
        return DataKey(kid: kid, created: created, isActive: isActive, secret)
    }
}
