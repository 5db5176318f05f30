public import Crypto
import OstiaryCore

/// The random key of one installation: 32 bytes that never leave its folder, from which a key of its own is made for each
/// purpose, so that nothing made for the one is worth anything for another (SEC-209).
public struct InstallationKey: Sendable {
    /// What a key is for.
    public enum Purpose: String, Sendable, CaseIterable {
        /// The hashes that tokens of the admin door are known by.
        case tokens = "ostiary admin tokens"
        /// The names that stored keys are told apart by.
        case fingerprints = "ostiary key fingerprints"
        /// The chain of the audit trail.
        case audit = "ostiary audit chain"
    }

    private let master: MasterSecret

    /// The key that lies in `folder`.
    /// - Parameter creates: whether it is made there, with the folder, where it is missing.
    public init(folder: String, creates: Bool = true) throws(StoreFault) {
        let file = try MasterKeyFile(path: folder + "/installation.key")
        let isThere = try file.isThere()
        if creates, !isThere {
            do throws(StoreFault) {
                master = try file.create()
                return
            } catch {
                // Somebody else was quicker.
                guard try file.isThere() else { throw error }
            }
        }
        master = try file.master()
    }

    /// One that ends with the process.
    public static func random() throws(StoreFault) -> InstallationKey { InstallationKey(try .random()) }

    private init(_ master: MasterSecret) { self.master = master }

    /// The key for one purpose (HKDF, RFC 5869).
    public func key(for purpose: Purpose) -> SymmetricKey {
        master.secret.withBytes { bytes in
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes.withUnsafeBufferPointer { Array($0) }),
                info: Array(purpose.rawValue.utf8),
                outputByteCount: 32
            )
        }
    }
}
