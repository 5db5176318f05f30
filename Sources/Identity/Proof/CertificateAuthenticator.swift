public import Crypto
public import OstiaryCore
import Synchronization

/// How a client certificate names its caller.
public struct CertificateRule: Hashable, Sendable {
    /// Which name is the caller's.
    public enum Source: Hashable, Sendable {
        /// The only URI among the subject alternative names.
        case uri
        /// The only DNS name among them.
        case dnsName
        /// The subject's distinguished name as RFC 4514 writes it.
        case subject
    }

    public let source: Source
    /// The scopes that such a caller has.
    public let scopes: [String]

    public init(source: Source, scopes: [String]) {
        self.source = source
        self.scopes = scopes
    }
}

/// Knows callers by the certificate that their connection showed (mutual TLS): its chain was verified when the
/// connection was made, and its time is looked at with every call.
///
/// A certificate with several names of the wanted kind names nobody: which of them is meant would be a guess.
public struct CertificateAuthenticator: Authenticator {
    public static let kind = AuthenticatorKind(
        name: "certificate",
        key: "identity.certificates",
        help: "Client certificates of the configured authorities, where a request brings no token."
    )

    /// Under which issuer such callers are kept, apart from those of tokens.
    public static let issuer = "certificate"
    /// The longest name in bytes.
    private static let longest = 1024

    private static let serials = Atomic<UInt64>(0)

    private let rule: CertificateRule
    private let pseudonymKey: SymmetricKey
    private let clock: any GateClock
    // Tells what this one made of a certificate from what one before a reload made of it.
    private let serial: UInt64
    private let figures: Figures

    /// - Parameters:
    ///   - pseudonymKey: the key of `Pseudonym` (IDENTITY_HASH_KEY).
    ///   - former: the authenticator before a reload, whose counts go on.
    public init(
        _ rule: CertificateRule,
        pseudonymKey: SymmetricKey,
        clock: any GateClock,
        keeping former: CertificateAuthenticator? = nil
    ) {
        self.rule = rule
        self.pseudonymKey = pseudonymKey
        self.clock = clock
        serial = Self.serials.wrappingAdd(1, ordering: .relaxed).newValue
        figures = former?.figures ?? Figures()
    }

    /// Who makes the call; never waits.
    /// - Throws: `missing_token` without a certificate, `invalid_certificate`.
    public func known(_ call: Call, now: UnixTime) throws(GateError) -> Identity {
        guard let certificate = call.certificate else {
            figures.missing.increment()
            throw GateError(.missingToken)
        }
        // The connection may be older than the end of its certificate.
        guard certificate.notBefore <= now, now < certificate.notAfter else {
            figures.time.increment()
            throw GateError(.invalidCertificate, cause: "certificate_time")
        }
        let identity = try certificate.identity(by: serial) { () throws(GateError) in try self.identity(certificate) }
        figures.accepted.increment()
        return identity
    }

    public nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        try known(call, now: clock.now)
    }

    private func identity(_ certificate: ClientCertificate) throws(GateError) -> Identity {
        let names =
            switch rule.source {
            case .uri: certificate.uris
            case .dnsName: certificate.dnsNames
            case .subject: [certificate.subject]
            }
        guard let name = names.first, names.count == 1, (1...Self.longest).contains(name.utf8.count),
            !name.unicodeScalars.contains(where: Self.isControl)
        else {
            figures.subject.increment()
            throw GateError(.invalidCertificate, cause: "certificate_subject")
        }
        return Identity(
            issuer: Self.issuer,
            subject: name,
            means: .certificate,
            expires: certificate.notAfter,
            scopes: Scopes(rule.scopes),
            pseudonym: Pseudonym(issuer: Self.issuer, subject: name, key: pseudonymKey),
            claims: .members(
                ("sub", .string(name)),
                ("x5t#S256", .string(Base64URL.encode(certificate.thumbprint)))
            ),
            boundCertificate: certificate.thumbprint
        )
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }

    private final class Figures: Sendable {
        let accepted = Counter()
        let missing = Counter()
        let subject = Counter()
        let time = Counter()
    }

    public var instruments: [Instrument] {
        let results = [
            ("accepted", figures.accepted), ("missing", figures.missing), ("subject", figures.subject),
            ("time", figures.time),
        ]
        return results.map { CallsInstrument.make(method: Self.kind.name, result: $0, counter: $1) }
    }
}
