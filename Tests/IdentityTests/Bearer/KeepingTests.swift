import Crypto
import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

/// A verifier that takes over from another, as at a reload.
@Suite struct KeepingTests {
    let scene: Scene
    let tokens: VerifiedTokens

    init() throws {
        scene = try Scene()
        tokens = scene.authenticator.makeMemory(capacity: 64)
    }

    private func next(
        _ policies: [TokenPolicy] = [Scene.policy()],
        url: String = "https://idp.example/keys",
        after former: TokenVerifier? = nil
    ) throws -> BearerAuthenticator {
        let source = try #require(FetchedKeySet(url: url, fetcher: scene.server))
        let verifier = try TokenVerifier(
            issuers: policies.map { TrustedIssuer(policy: $0, source: source) },
            pseudonymKey: SymmetricKey(data: Array(repeating: 7, count: 32)),
            clock: scene.clock,
            jitter: { 0.5 },
            keeping: former ?? scene.verifier
        )
        return BearerAuthenticator(verifier: verifier, keeping: scene.authenticator)
    }

    private func cause(_ authenticator: BearerAuthenticator, _ token: String) async -> String? {
        do throws(GateError) {
            _ = try await authenticator.identify(call(token), remembering: tokens)
            return nil
        } catch {
            return "\(error.cause)"
        }
    }

    @Test func keepsTheKeySetOfAnUnchangedIssuer() async throws {
        let token = try scene.good()
        #expect(await cause(scene.authenticator, token) == nil)
        scene.server.now(.failure(.unreachable))
        var audiences = Scene.policy()
        audiences.audiences = ["https://gate.example", "https://other.example"]
        for policy in [Scene.policy(), audiences] {
            let authenticator = try next([policy])
            #expect(await cause(authenticator, token) == nil)
        }
        #expect(scene.server.fetches == 1)
    }

    // SEC-203
    @Test func believesNothingThatTheOtherVerified() async throws {
        let token = try scene.good()
        #expect(await cause(scene.authenticator, token) == nil)
        var strict = Scene.policy()
        strict.audiences = ["https://elsewhere.example"]
        #expect(await cause(try next([strict]), token) == "audience")
        var other = Scene.policy()
        other.issuer = "https://second.example"
        #expect(await cause(try next([other]), token) == "issuer")
        #expect(scene.verifier.keyGeneration.current != (try next()).verifier.keyGeneration.current)
    }

    // SEC-203: a request that began under the old policy may finish verifying after the new one is in force.
    @Test func aStragglersTokenIsNotBelievedByItsSuccessor() async throws {
        let token = try scene.good()
        var strict = Scene.policy()
        strict.longestLife = 1
        let successor = try next([strict])
        #expect(await cause(scene.authenticator, token) == nil)
        #expect(await cause(successor, token) == "lifetime")
        #expect(await cause(scene.authenticator, token) == nil)
    }

    // SEC-203
    @Test func aChangeOfSharedKeysEndsWhatEitherVerified() async throws {
        let token = try scene.good()
        let successor = try next()
        #expect(await cause(scene.authenticator, token) == nil)
        #expect(await cause(successor, token) == nil)
        let hits = scene.figure("gw_token_cache_hits_total")
        #expect(await cause(successor, token) == nil)
        #expect(scene.figure("gw_token_cache_hits_total") == (hits ?? 0) + 1)
        scene.server.now(.document(document(Signer("es-2").jwk())))
        #expect(await successor.verifier.reread(filesOnly: false) == [])
        #expect(await cause(successor, token) == "unknown_key")
        #expect(await cause(scene.authenticator, token) == "unknown_key")
    }

    @Test func anotherPlaceOrAlgorithmIsReadAnew() async throws {
        _ = await scene.verifier.prime()
        #expect(scene.server.fetches == 1)
        await (try next(url: "https://idp.example/other")).verifier.primeMissing()
        #expect(scene.server.fetches == 2)
        var more = Scene.policy()
        more.algorithms = [.es256, .rs256]
        await (try next([more])).verifier.primeMissing()
        #expect(scene.server.fetches == 3)
        var renamed = Scene.policy()
        renamed.issuer = "https://renamed.example"
        await (try next([renamed])).verifier.primeMissing()
        #expect(scene.server.fetches == 4)
        // What is there is not asked for again.
        await (try next()).verifier.primeMissing()
        #expect(scene.server.fetches == 4)
    }

    @Test func readsFilesAnewAndLeavesTheIssuersAlone() async throws {
        let path = NSTemporaryDirectory() + "keys-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        try write(document(scene.signer.jwk()))
        var second = Scene.policy()
        second.issuer = "https://second.example"
        let fetched = try #require(FetchedKeySet(url: "https://second.example/keys", fetcher: scene.server))
        let verifier = try TokenVerifier(
            issuers: [
                TrustedIssuer(policy: Scene.policy(), source: KeySetFile(path: path)),
                TrustedIssuer(policy: second, source: fetched),
            ],
            pseudonymKey: SymmetricKey(size: .bits256),
            clock: scene.clock
        )
        let authenticator = BearerAuthenticator(verifier: verifier)
        _ = await verifier.prime()
        let token = try scene.good()
        #expect(await cause(authenticator, token) == nil)
        #expect(scene.server.fetches == 1)

        try write(Array("not a key set".utf8))
        #expect(await verifier.reread(filesOnly: true) == [0])
        #expect(await cause(authenticator, token) == nil)

        try write(document(Signer("es-1").jwk()))
        #expect(await verifier.reread(filesOnly: true) == [])
        #expect(await cause(authenticator, token) == "signature")
        #expect(scene.server.fetches == 1)
        #expect(await verifier.reread(filesOnly: false) == [])
        #expect(scene.server.fetches == 2)
    }

    @Test func countsGoOn() async throws {
        #expect(await cause(scene.authenticator, "x") == "malformed")
        let successor = try next()
        #expect(await cause(successor, "x") == "malformed")
        #expect(successor.instruments.value("gw_auth_total", "malformed") == 2)
        #expect(scene.authenticator.instruments.value("gw_auth_total", "malformed") == 2)
    }

    @Test func aSetThatIsLeftTakesItsNumbersWithIt() async throws {
        _ = await scene.verifier.prime()
        let figures = scene.verifier.figures
        do {
            let source = try #require(FetchedKeySet(url: "https://gone.example/keys", fetcher: scene.server))
            let gone = try TokenVerifier(
                issuers: [TrustedIssuer(policy: Scene.policy(), source: source)],
                pseudonymKey: SymmetricKey(size: .bits256),
                clock: scene.clock,
                keeping: scene.verifier
            )
            scene.clock.advance(60)
            _ = await gone.prime()
            scene.clock.advance(31)
            _ = try? await gone.verify(Array(try scene.good("nobody").utf8))
            #expect(figures.instruments.value("gw_jwks_absent_names") == 1)
        }
        #expect(await eventually { figures.instruments.value("gw_jwks_absent_names") == 0 })
    }
}
