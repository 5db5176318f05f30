import OstiaryCore

/// Tokens that are bound to a client certificate (RFC 8705 section 3): whoever has the token and not the key of the
/// certificate has nothing.
enum CertificateBinding {
    /// The SHA-256 of the certificate that a token names, or `nil` for a token that is bound to nothing.
    /// - Throws: `.binding` for a token that is bound to something that is not checked here, or to several things: it is
    ///   worth nothing without the proof (RFC 9449 section 7.1, RFC 7800 section 3.1).
    static func named(by claims: Claims) throws(TokenFault) -> [UInt8]? {
        guard let confirmation = claims.members["cnf"] else { return nil }
        guard let members = confirmation.object, members.members.count == 1,
            let text = members["x5t#S256"]?.string, let thumbprint = Base64URL.decode(text), thumbprint.count == 32
        else { throw .binding }
        return thumbprint
    }

    /// Checks that a call came over a connection of the certificate that the identity is bound to, if it is.
    /// - Throws: `.binding` for another certificate or none.
    static func check(_ identity: Identity, _ call: Call) throws(TokenFault) {
        guard let bound = identity.boundCertificate else { return }
        guard call.certificate?.thumbprint == bound else { throw .binding }
    }
}
