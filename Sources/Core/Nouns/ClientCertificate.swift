import Synchronization

/// The certificate that a client proved to hold while its TLS connection was made (RFC 8446 section 4.4), chained to an
/// authority of the configuration. Nothing of it is a secret.
///
/// Made by the TLS edge after the chain was verified; one instance serves all calls of its connection.
public final class ClientCertificate: Sendable {
    /// The subject's distinguished name as RFC 4514 writes it; empty where the certificate has none.
    public let subject: String
    /// The URIs among its subject alternative names (RFC 5280 section 4.2.1.6), in order.
    public let uris: [String]
    /// The DNS names among its subject alternative names, in order.
    public let dnsNames: [String]
    /// The SHA-256 of its DER form: what `x5t#S256` holds (RFC 8705 section 3.1). 32 bytes.
    public let thumbprint: [UInt8]
    /// When it begins to be valid.
    public let notBefore: UnixTime
    /// When it ends; a connection may last longer.
    public let notAfter: UnixTime
    // What an authenticator made of it; made once, however many calls the connection carries.
    private let known = Mutex<(by: UInt64, identity: Identity)?>(nil)

    public init(
        subject: String,
        uris: [String],
        dnsNames: [String],
        thumbprint: [UInt8],
        notBefore: UnixTime,
        notAfter: UnixTime
    ) {
        self.subject = subject
        self.uris = uris
        self.dnsNames = dnsNames
        self.thumbprint = thumbprint
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// The identity that this authenticator made of it, made now unless it was before.
    /// - Parameter authenticator: a number that no other authenticator has.
    public func identity<Failure: Error>(
        by authenticator: UInt64,
        _ make: () throws(Failure) -> Identity
    ) throws(Failure) -> Identity {
        if let identity = known.withLock({ $0?.by == authenticator ? $0?.identity : nil }) { return identity }
        let identity = try make()
        known.withLock { $0 = (authenticator, identity) }
        return identity
    }
}
