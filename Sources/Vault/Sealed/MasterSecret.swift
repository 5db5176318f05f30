public import OstiaryCore

/// What opens a sealed store, and is never in it.
///
/// Where it comes from is its holder's business: a key file in another folder, a passphrase, the keyring, a credential
/// that systemd hands over. Names and numbers of the machine are not secret and never taken for one.
public final class MasterSecret: Sendable {
    public enum Kind: Sendable {
        /// Words that somebody can remember: made slow to guess, by scrypt.
        case passphrase
        /// At least 32 random bytes: nothing to guess, so HKDF is enough.
        case random
    }

    public let kind: Kind
    let secret: Secret

    /// The fewest bytes of a random master.
    static let randomBytes = 32
    /// The fewest bytes of a passphrase: fewer are guessed in spite of scrypt.
    static let passphraseBytes = 8

    /// - Throws: `StoreFault.unusable` when it is too short.
    public init(_ kind: Kind, _ secret: consuming Secret) throws(StoreFault) {
        switch kind {
        case .passphrase:
            guard secret.count >= Self.passphraseBytes else {
                throw .unusable("the passphrase is shorter than \(Self.passphraseBytes) bytes")
            }
        case .random:
            guard secret.count >= Self.randomBytes else {
                throw .unusable("the master key is shorter than \(Self.randomBytes) bytes")
            }
        }
        self.kind = kind
        self.secret = secret
    }

    /// From what somebody wrote down: 64 hexadecimal digits are a random master, anything else is a passphrase.
    public convenience init(written text: consuming Secret) throws(StoreFault) {
        let decoded: Secret? = text.withBytes { bytes in
            guard bytes.count == Self.randomBytes * 2,
                var random = Hex.decode(bytes.withUnsafeBufferPointer { Array($0) })
            else { return nil }
            defer { wipe(&random) }
            return Secret(copying: random.span)
        }
        if let decoded { try self.init(.random, decoded) } else { try self.init(.passphrase, text) }
    }

    /// It as 64 hexadecimal digits, to be written down; the caller is to overwrite them.
    var digits: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(Self.randomBytes * 2 + 1)
        secret.withBytes { bytes in
            for index in bytes.indices {
                text.append(Hex.digit(bytes[index] >> 4))
                text.append(Hex.digit(bytes[index] & 0xf))
            }
        }
        return text
    }

    /// Bytes that nobody else has.
    public static func random() throws(StoreFault) -> MasterSecret {
        var bytes = [UInt8].random(randomBytes)
        defer { wipe(&bytes) }
        return try MasterSecret(.random, Secret(copying: bytes.span))
    }
}
