public import OstiaryCore

/// Why TLS cannot be offered with the files that were configured. Holds paths and nothing from inside the files.
public struct TLSFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a file is for.
    public enum Role: String, Sendable {
        case certificate, key, authorities
    }

    public enum Reason: Hashable, Sendable {
        case missing
        case unreadable
        case notAFile
        case tooLarge
        case noCertificate
        case noKey
        /// The key needs a passphrase, which nobody could give.
        case encrypted
        /// The key belongs to another certificate.
        case mismatch
        /// TLS cannot use it, for its algorithm or size.
        case unusable
    }

    public let role: Role
    public let path: String
    public let reason: Reason

    public init(_ role: Role, _ path: String, _ reason: Reason) {
        self.role = role
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(label) \(problem)" }

    /// What the file is, and where.
    public var label: String {
        switch role {
        case .certificate: "the certificate file \(FilePath.shown(path))"
        case .key: "the private key file \(FilePath.shown(path))"
        case .authorities: "the authorities file \(FilePath.shown(path))"
        }
    }

    /// What is wrong with it; follows the name of the file or of the configuration's key.
    public var problem: String {
        switch reason {
        case .missing: "is not there"
        case .unreadable: "cannot be read"
        case .notAFile: "is not a regular file"
        case .tooLarge: "is larger than \(TLSFiles.limit) bytes"
        case .noCertificate: "holds no certificate in PEM form"
        case .noKey: "holds no private key in PEM form"
        case .encrypted: "is encrypted"
        case .mismatch: "does not belong to the certificate"
        case .unusable: "cannot be used for TLS"
        }
    }

    /// What to do about it.
    public var hint: String {
        switch reason {
        case .missing: "check the path; a relative one counts from the configuration file's folder"
        case .unreadable: "let the user that the gate runs as read it"
        case .notAFile, .tooLarge, .noCertificate, .noKey:
            role == .key
                ? "write the key that begins with -----BEGIN PRIVATE KEY-----"
                : "write the certificates that begin with -----BEGIN CERTIFICATE-----, the gate's own first"
        case .encrypted: "store it without a passphrase, readable by its owner only: openssl pkey -in OLD -out NEW"
        case .mismatch: "replace both files together; the certificate that belongs to the key comes first in its file"
        case .unusable: "use an ECDSA P-256 key, or RSA with 2048 bits or more"
        }
    }
}

/// What does not keep TLS from being offered and should be known.
public enum TLSWarning: Hashable, Sendable, CustomStringConvertible {
    /// Others than the owner may read the private key. Not a refusal, as containers mount secrets with mode 0444.
    case readableByOthers(path: String, mode: UInt32)
    /// Whole days that the certificate still lasts.
    case ending(path: String, days: Int)
    /// Whole days since it has ended: clients refuse it.
    case ended(path: String, days: Int)
    case notYetValid(path: String)

    public var description: String {
        switch self {
        case .readableByOthers(let path, let mode):
            "key file \(FilePath.shown(path)) may be read by others (mode 0\(String(mode, radix: 8))): "
                + "chmod 600 if you can"
        case .ending(let path, let days):
            "certificate file \(FilePath.shown(path)): \(Self.days(days)) left: renew it"
        case .ended(let path, let days):
            "certificate file \(FilePath.shown(path)): ended \(Self.days(days)) ago, clients refuse it: renew it"
        case .notYetValid(let path):
            "certificate file \(FilePath.shown(path)): not valid yet, clients refuse it: check this machine's clock"
        }
    }

    private static func days(_ count: Int) -> String { count == 1 ? "1 day" : "\(count) days" }
}

/// What happens to a door's TLS while it is open.
public enum TLSNotice: Sendable {
    /// New connections get this certificate from now on.
    case changed(until: UnixTime)
    /// The files changed into something that cannot be used; what was there before goes on.
    case refused(TLSFault)
    case warning(TLSWarning)
    /// Handshakes that failed lately, told once a minute at most: the client and the gate found nothing in common, or one
    /// did not believe the other (`failed`); a client showed no certificate that is believed (`certificate`); it took too
    /// long (`timeout`).
    case handshakesFailed(failed: Int, certificate: Int, timeout: Int)
}
