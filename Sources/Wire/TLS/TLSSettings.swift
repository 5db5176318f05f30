/// What a door with TLS was configured to be.
public struct TLSSettings: Hashable, Sendable {
    /// The oldest version of TLS that is spoken.
    public enum Version: Sendable {
        /// RFC 5246, with forward secrecy and authenticated ciphers only (what RFC 9113 section 9.2 asks for).
        case v1_2
        /// RFC 8446.
        case v1_3
    }

    /// A file with the certificate and those between it and its authority, in PEM form, the gate's own first.
    public var certificate: String
    /// A file with the private key in PEM form.
    public var key: String
    public var oldestVersion = Version.v1_3
    /// A file with the authorities of client certificates, in PEM form; `nil` asks clients for none.
    public var authorities: String?
    /// Whether a client without a certificate is turned away.
    public var requiresCertificate = false

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// The files, each with what it is for.
    public var files: [(role: TLSFault.Role, path: String)] {
        [(.certificate, certificate), (.key, key)] + (authorities.map { [(.authorities, $0)] } ?? [])
    }
}
