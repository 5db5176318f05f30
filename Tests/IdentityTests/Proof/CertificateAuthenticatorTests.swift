import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct CertificateAuthenticatorTests {
    private let clock = ManualClock(now: Double(start))
    private let key = SymmetricKey(data: Array(repeating: 7, count: 32))

    private func certificate(
        subject: String = "CN=a",
        uris: [String] = ["spiffe://x/a"],
        dns: [String] = [],
        from: Double = -10,
        until: Double = 10
    ) -> ClientCertificate {
        ClientCertificate(
            subject: subject,
            uris: uris,
            dnsNames: dns,
            thumbprint: Array(repeating: 9, count: 32),
            notBefore: UnixTime(seconds: Double(start) + from),
            notAfter: UnixTime(seconds: Double(start) + until)
        )
    }

    private func authenticator(_ source: CertificateRule.Source = .uri) -> CertificateAuthenticator {
        CertificateAuthenticator(
            CertificateRule(source: source, scopes: ["inference"]),
            pseudonymKey: key,
            clock: clock
        )
    }

    private func refusal(_ authenticator: CertificateAuthenticator, _ certificate: ClientCertificate?) -> GateError? {
        do throws(GateError) {
            _ = try authenticator.known(call(nil, certificate: certificate), now: clock.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func saysWhoACertificateIs() throws {
        let identity = try authenticator().known(call(nil, certificate: certificate()), now: clock.now)
        #expect(identity.issuer == "certificate")
        #expect(identity.subject == "spiffe://x/a")
        #expect(identity.means == .certificate)
        #expect(identity.expires == UnixTime(seconds: Double(start) + 10))
        #expect(identity.scopes.names == ["inference"])
        #expect(identity.pseudonym == Pseudonym(issuer: "certificate", subject: "spiffe://x/a", key: key))
        #expect(identity.boundCertificate == Array(repeating: 9, count: 32))
    }

    @Test func takesTheNameOfTheWantedKind() throws {
        let shown = certificate(dns: ["a.example"])
        for (source, name) in [
            (CertificateRule.Source.uri, "spiffe://x/a"), (.dnsName, "a.example"), (.subject, "CN=a"),
        ] {
            #expect(try authenticator(source).known(call(nil, certificate: shown), now: clock.now).subject == name)
        }
    }

    @Test(arguments: [
        [], ["spiffe://x/a", "spiffe://x/b"], [""], ["a\u{0}b"], ["a\u{85}"], [String(repeating: "a", count: 1025)],
    ])
    func knowsNobodyByNamesThatNameNobody(_ uris: [String]) {
        let authenticator = authenticator()
        let refusal = refusal(authenticator, certificate(uris: uris))
        #expect(refusal?.code == .invalidCertificate)
        #expect(refusal.map { "\($0.cause)" } == "certificate_subject")
        #expect(authenticator.instruments.value("gw_auth_total", "subject") == 1)
    }

    @Test func looksAtItsTimeWithEveryCall() {
        let (authenticator, shown) = (authenticator(), certificate())
        #expect(refusal(authenticator, shown) == nil)
        clock.setWall(Double(start) + 10)
        #expect(refusal(authenticator, shown).map { "\($0.cause)" } == "certificate_time")
        clock.setWall(Double(start) - 11)
        #expect(refusal(authenticator, shown)?.code == .invalidCertificate)
        clock.setWall(Double(start) - 10)
        #expect(refusal(authenticator, shown) == nil)
        #expect(authenticator.instruments.value("gw_auth_total", "time") == 2)
        #expect(authenticator.instruments.value("gw_auth_total", "accepted") == 2)
    }

    @Test func asksForATokenWithoutACertificate() {
        #expect(refusal(authenticator(), nil)?.code == .missingToken)
    }

    @Test func isMadeOnceForEachConnection() throws {
        let (first, shown) = (authenticator(), certificate())
        let one = try first.known(call(nil, certificate: shown), now: clock.now)
        #expect(try first.known(call(nil, certificate: shown), now: clock.now) === one)
        // Another authenticator, as after a reload, decides anew.
        let second = authenticator(.subject)
        #expect(try second.known(call(nil, certificate: shown), now: clock.now).subject == "CN=a")
    }

    // MARK: Bound tokens

    private func bound(_ scene: Scene, _ confirmation: String) throws -> String {
        try scene.signer.token(payload: claims(["cnf": confirmation]))
    }

    private func cause(_ scene: Scene, _ tokens: VerifiedTokens, _ token: String, _ shown: ClientCertificate?) async
        -> String?
    {
        do throws(GateError) {
            _ = try await scene.authenticator.identify(call(token, certificate: shown), remembering: tokens)
            return nil
        } catch {
            return "\(error.cause)"
        }
    }

    // RFC 8705 section 3
    @Test func believesABoundTokenWithItsCertificateOnly() async throws {
        let scene = try Scene()
        let tokens = scene.authenticator.makeMemory(capacity: 64)
        let print = Base64URL.encode(Array(repeating: UInt8(9), count: 32))
        let token = try bound(scene, #"{"x5t#S256":"\#(print)"}"#)
        let other = ClientCertificate(
            subject: "",
            uris: [],
            dnsNames: [],
            thumbprint: Array(repeating: 8, count: 32),
            notBefore: UnixTime(seconds: 0),
            notAfter: UnixTime(seconds: 0)
        )
        // First verified, then known.
        #expect(await cause(scene, tokens, token, other) == "binding")
        #expect(await cause(scene, tokens, token, nil) == "binding")
        #expect(tokens.count == 0)
        #expect(await cause(scene, tokens, token, certificate()) == nil)
        #expect(tokens.count == 1)
        #expect(await cause(scene, tokens, token, certificate()) == nil)
        #expect(await cause(scene, tokens, token, other) == "binding")
        #expect(await cause(scene, tokens, token, nil) == "binding")
        #expect(tokens.count == 1)
    }

    // RFC 8705 section 3
    @Test(arguments: [
        #"{"jkt":"x"}"#, #"{}"#, #""x""#, #"{"x5t#S256":1}"#, #"{"x5t#S256":""}"#, #"{"x5t#S256":"CQ"}"#,
        #"{"x5t#S256":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk","jkt":"x"}"#,
        #"{"x5t#S256":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="}"#,
    ])
    func believesNoTokenThatIsBoundToSomethingElse(_ confirmation: String) async throws {
        let scene = try Scene()
        let tokens = scene.authenticator.makeMemory(capacity: 64)
        #expect(await cause(scene, tokens, try bound(scene, confirmation), certificate()) == "binding")
    }
}
