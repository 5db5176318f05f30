/// Every way to become known, in the order of the documentation. A new one is a folder and a line here.
public enum Authenticators {
    public static let all: [any Authenticator.Type] = [
        BearerAuthenticator.self, KeyAuthenticator.self, CertificateAuthenticator.self, NucAuthenticator.self,
    ]
}
