import OstiaryCore

/// How one becomes known to OpenBao or HashiCorp Vault.
public enum BaoLogin: Hashable, Sendable {
    /// A token that lies somewhere.
    case token(SourceReference)
    case appRole(mount: String, role: String, secret: SourceReference)
    /// A token of another issuer.
    case jwt(mount: String, role: String, token: SourceReference)
    /// The service account's token of a pod.
    case kubernetes(mount: String, role: String, token: SourceReference)

    /// Where a pod finds its token.
    public static let podToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

    /// Path and body of the request that logs in; `nil` where there is a token already.
    func request(_ secret: borrowing Secret) -> (path: String, body: [UInt8])? {
        switch self {
        case .token: nil
        case .appRole(let mount, let role, _):
            ("auth/\(mount)/login", Self.body(("role_id", role), "secret_id", secret))
        case .jwt(let mount, let role, _), .kubernetes(let mount, let role, _):
            ("auth/\(mount)/login", Self.body(("role", role), "jwt", secret))
        }
    }

    var reference: SourceReference {
        switch self {
        case .token(let reference), .appRole(_, _, let reference), .jwt(_, _, let reference),
            .kubernetes(_, _, let reference):
            reference
        }
    }

    private static func body(_ plain: (String, String), _ name: String, _ secret: borrowing Secret) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(secret.count * 2 + 1024)
        body.append(UInt8(ascii: "{"))
        JSONWriter.appendQuoted(plain.0, to: &body)
        body.append(UInt8(ascii: ":"))
        JSONWriter.appendQuoted(plain.1, to: &body)
        body.append(contentsOf: ",\"\(name)\":\"".utf8)
        secret.withBytes { bytes in
            // Printable ASCII, as every key is checked to be.
            for index in bytes.indices {
                if bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\") {
                    body.append(UInt8(ascii: "\\"))
                }
                body.append(bytes[index])
            }
        }
        body.append(contentsOf: "\"}".utf8)
        return body
    }
}

extension Surroundings {
    /// What a reference on this machine leads to, checked as a key is.
    func secret(_ reference: SourceReference) throws(SourceFault) -> Secret {
        guard let source = reference.source as? any LocalKeySource else {
            throw .unreadable(label: reference.description, reason: "it does not lie on this machine")
        }
        let material = try source.read(self)
        return try KeyForm.checked(
            material.secret,
            trimsLineEnd: type(of: source).trimsLineEnd,
            label: source.label
        )
    }
}
