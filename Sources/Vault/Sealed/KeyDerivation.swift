import Crypto
import CryptoExtras
import FoundationEssentials
import OstiaryCore

/// How the key that wraps the data keys is made from the master secret; lies in the file, with its salt.
struct KeyDerivation: Hashable, Sendable {
    enum Method: Hashable, Sendable {
        /// 128 · n · r bytes of memory: 128 MiB as we write it.
        case scrypt(n: Int, r: Int, p: Int)
        case pbkdf2(iterations: Int)
        case hkdf
    }

    let method: Method
    let salt: [UInt8]

    static let saltBytes = 16
    static let label = Array("ostiary vault master".utf8)

    /// What is written today for a master of this kind, under a salt of its own.
    static func today(for kind: MasterSecret.Kind) -> KeyDerivation {
        let salt = [UInt8].random(saltBytes)
        return switch kind {
        case .passphrase: KeyDerivation(method: .scrypt(n: 1 << 17, r: 8, p: 1), salt: salt)
        case .random: KeyDerivation(method: .hkdf, salt: salt)
        }
    }

    /// Whether a file may ask for it. Less is not worth calling slow, more would be a way to stop the program (1 GiB and
    /// some seconds at most).
    var isBounded: Bool {
        guard salt.count >= Self.saltBytes, salt.count <= 64 else { return false }
        return switch method {
        case .scrypt(let n, let r, let p):
            (1 << 14...1 << 20).contains(n) && n.nonzeroBitCount == 1 && (8...16).contains(r) && (1...4).contains(p)
                && n * r <= 1 << 23
        case .pbkdf2(let iterations): (210_000...10_000_000).contains(iterations)
        case .hkdf: true
        }
    }

    /// Whether it fits this kind of master: a passphrase behind HKDF could be guessed by the thousand million.
    func fits(_ kind: MasterSecret.Kind) -> Bool { kind == .random || method != .hkdf }

    /// The wrapping key. Takes some tenths of a second for a passphrase; never on an event loop.
    /// - Returns: `nil` when it cannot be made: out of bounds, or out of memory.
    func key(from master: MasterSecret) -> SymmetricKey? {
        guard isBounded, fits(master.kind) else { return nil }
        return master.secret.withBytes { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                switch method {
                case .scrypt(let n, let r, let p):
                    try? KDF.Scrypt.deriveKey(
                        from: UnsafeRawBufferPointer(bytes),
                        salt: salt,
                        outputByteCount: 32,
                        rounds: n,
                        blockSize: r,
                        parallelism: p
                    )
                case .pbkdf2(let iterations):
                    try? KDF.Insecure.PBKDF2.deriveKey(
                        from: UnsafeRawBufferPointer(bytes),
                        salt: salt,
                        using: .sha256,
                        outputByteCount: 32,
                        rounds: iterations
                    )
                case .hkdf:
                    HKDF<SHA256>.deriveKey(
                        inputKeyMaterial: SymmetricKey(data: bytes),
                        salt: salt,
                        info: Self.label,
                        outputByteCount: 32
                    )
                }
            }
        }
    }
}
