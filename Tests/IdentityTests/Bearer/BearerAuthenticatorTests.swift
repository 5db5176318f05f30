import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct BearerAuthenticatorTests {
    let scene: Scene
    let tokens: VerifiedTokens

    init() throws {
        scene = try Scene()
        tokens = scene.authenticator.makeMemory(capacity: 64)
    }

    func refusal(_ token: String?, place: Credential.Place = .authorization) async -> GateError? {
        do throws(GateError) {
            _ = try await scene.authenticator.identify(call(token, place: place), remembering: tokens)
            return nil
        } catch {
            return error
        }
    }

    @Test func asksForATokenWhenThereIsNone() async {
        let refusal = await refusal(nil)
        #expect(refusal?.code == .missingToken)
        #expect(refusal?.status == 401)
        #expect(refusal?.challenge == #"Bearer realm="inference""#)
        #expect(scene.figure("gw_auth_total", "missing") == 1)
    }

    @Test func takesTheTokenFromEitherPlace() async throws {
        #expect(await refusal(try scene.good(), place: .authorization) == nil)
        #expect(await refusal(try scene.good(), place: .apiKey) == nil)
        #expect(scene.figure("gw_auth_total", "accepted") == 2)
    }

    // SEC-604
    @Test func saysTheSameOfEveryOtherFault() async throws {
        let faulty: [(String, String)] = [
            ("x", "malformed"),
            (String(repeating: "x", count: 16_385), "too_large"),
            (try scene.signer.token(header: #"{"alg":"none"}"#, payload: claims()), "alg_not_allowed"),
            (try scene.good("unknown"), "unknown_key"),
            (try Signer("es-1").token(payload: claims()), "signature"),
            (try scene.signer.token(payload: claims(["aud": "\"other\""])), "audience"),
            (try scene.signer.token(payload: claims(["nbf": "\(start + 3600)"])), "not_yet_valid"),
            (try scene.signer.token(payload: claims(["sub": "1"])), "claim_type"),
            (
                try scene.signer.token(
                    header: #"{"alg":"ES256","kid":"unknown"}"#,
                    payload: claims(["exp": "\(start - 3600)"])
                ), "expired_unchecked"
            ),
        ]
        _ = await scene.verifier.prime()
        for (token, cause) in faulty {
            let refusal = await refusal(token)
            #expect(refusal?.code == .invalidToken)
            #expect(refusal?.challenge == #"Bearer realm="inference", error="invalid_token""#)
            #expect(refusal.map { "\($0.cause)" } == cause)
            #expect(refusal?.detail == nil)
            #expect(scene.figure("gw_auth_total", cause) == 1)
        }
        #expect(tokens.count == 0)
    }

    @Test func saysWhenAGenuineTokenHasExpired() async throws {
        _ = await scene.verifier.prime()
        let refusal = await refusal(try scene.signer.token(payload: claims(["exp": "\(start - 3600)"])))
        #expect(refusal?.code == .tokenExpired)
        #expect(
            refusal?.challenge == #"Bearer realm="inference", error="invalid_token", error_description="expired""#
        )
    }

    @Test func saysThatKeysAreMissingAs503() async throws {
        scene.server.now(.failure(.unreachable))
        let refusal = await refusal(try scene.good())
        #expect(refusal?.code == .keysUnavailable)
        #expect(refusal?.status == 503)
        #expect(refusal?.retry == .after(seconds: 5))
        #expect(refusal?.challenge == nil)
    }

    @Test func refusesABoundTokenWithoutItsProof() async throws {
        let refusal = await refusal(try scene.signer.token(payload: claims(["cnf": #"{"jkt":"x"}"#])))
        #expect(refusal?.code == .invalidToken)
        #expect(refusal.map { "\($0.cause)" } == "binding")
        #expect(tokens.count == 0)
    }

    @Test func verifiesAKnownTokenOnce() async throws {
        let call = call(try scene.good())
        let first = try await scene.authenticator.identify(call, remembering: tokens)
        let second = try await scene.authenticator.identify(call, remembering: tokens)
        #expect(first === second)
        #expect(scene.figure("gw_token_cache_hits_total") == 1)
        #expect(scene.figure("gw_token_cache_misses_total") == 1)
        #expect(scene.figure("gw_token_cache_entries") == 1)
    }

    // SEC-702
    @Test func aKnownCallerIsKnownWithoutSuspending() async throws {
        let call = call(try scene.good())
        _ = try await scene.authenticator.identify(call, remembering: tokens)
        scene.server.now(.hang)
        scene.clock.advance(299)
        let done = Latch()
        // The memory is used by nobody else until the task is done.
        nonisolated(unsafe) let tokens = self.tokens
        let authenticator = scene.authenticator
        Task.immediate {
            if (try? await authenticator.identify(call, remembering: tokens)) != nil { done.open() }
        }
        #expect(done.isOpen)
    }

    // SEC-210, SEC-005
    @Test func aKnownTokenStillExpires() async throws {
        let token = try scene.signer.token(payload: claims(["exp": "\(start + 60)"]))
        #expect(await refusal(token) == nil)
        scene.clock.advance(89.9)
        #expect(await refusal(token) == nil)
        scene.clock.advance(0.1)
        #expect(await refusal(token)?.code == .tokenExpired)
        #expect(scene.figure("gw_token_cache_misses_total") == 1)
    }

    // MARK: Known at once

    func known(_ token: String?) throws(GateError) -> Identity? {
        try scene.authenticator.known(call(token), tokens)
    }

    @Test func isAskedFirstAndKnowsWhomItHasVerified() async throws {
        let token = try scene.good()
        #expect(try known(token) == nil)
        let identity = try await scene.authenticator.identify(call(token), remembering: tokens)
        #expect(try known(token) === identity)
        #expect(try known(try scene.good()) == nil)
        #expect(scene.figure("gw_auth_total", "accepted") == 2)
        #expect(scene.figure("gw_token_cache_misses_total") == 1)
    }

    @Test func refusesAtOnceWhatNeedsNoLookAtASignature() async throws {
        #expect(throws: GateError.self) { try known(nil) }
        #expect(throws: GateError.self) { try known(String(repeating: "x", count: 16_385)) }
        #expect(try known(String(repeating: "x", count: 16_384)) == nil)
        #expect(scene.figure("gw_auth_total", "missing") == 1)
        #expect(scene.figure("gw_auth_total", "too_large") == 1)
        let token = try scene.signer.token(payload: claims(["exp": "\(start + 60)"]))
        #expect(await refusal(token) == nil)
        scene.clock.advance(90)
        do throws(GateError) {
            _ = try known(token)
            Issue.record("an expired token is known")
        } catch {
            #expect(error.code == .tokenExpired)
            #expect(error.status == 401)
        }
        #expect(scene.figure("gw_auth_total", "expired") == 1)
    }

    @Test func whoWasKnownIsToldOfTheEndWhateverElseExpires() async throws {
        let token = try scene.signer.token(payload: claims(["exp": "\(start + 60)"]))
        #expect(await refusal(token) == nil)
        let old = try scene.signer.token(payload: claims(["exp": "\(start - 3600)"]))
        scene.clock.advance(90)
        for _ in 0..<100 { #expect(await refusal(old)?.code == .tokenExpired) }
        // The rest of the flood hears no more than it has to.
        let late = await refusal(old)
        #expect(late?.code == .invalidToken)
        #expect(late?.challenge == #"Bearer realm="inference", error="invalid_token""#)
        #expect(late.map { "\($0.cause)" } == "expired_unchecked")
        #expect(await refusal(token)?.code == .tokenExpired)
    }

    @Test func theTimeMayBeGiven() async throws {
        let token = try scene.signer.token(payload: claims(["exp": "\(start + 60)"]))
        #expect(await refusal(token) == nil)
        let moment = scene.clock.monotonic
        func isKnown(now: Double, at: MonotonicTime) -> Bool? {
            do throws(GateError) {
                let now = UnixTime(seconds: now)
                return try scene.authenticator.known(call(token), tokens, now: now, at: at) != nil
            } catch {
                return nil
            }
        }
        #expect(isKnown(now: Double(start) + 89, at: moment) == true)
        #expect(isKnown(now: Double(start) + 90, at: moment) == nil)
        #expect(isKnown(now: Double(start), at: moment.advanced(bySeconds: 300)) == false)
    }

    // SEC-002, SEC-005
    @Test func aWallClockSetBackRefusesTokensOfTheFuture() async throws {
        let token = try scene.good()
        #expect(await refusal(token) == nil)
        scene.clock.setWall(Double(start - 3600))
        #expect(await refusal(token).map { "\($0.cause)" } == "not_yet_valid")
        scene.clock.setWall(Double(start))
        #expect(await refusal(token) == nil)
    }

    @Test func aNewVerifierDoesNotBelieveWhatAnotherVerified() async throws {
        let token = try scene.good()
        #expect(await refusal(token) == nil)
        var policy = Scene.policy()
        policy.audiences = ["https://elsewhere.example"]
        let reloaded = try Scene(signer: scene.signer, policy: policy)
        await #expect(throws: GateError.self) {
            try await reloaded.authenticator.identify(call(token), remembering: tokens)
        }
    }

    // SEC-203
    @Test func badTokensLeaveNothingBehind() async throws {
        _ = await scene.verifier.prime()
        let body = Base64URL.encode(Array(claims().utf8)) + "." + Base64URL.encode(Array(repeating: 1, count: 64))
        for number in 0..<5000 {
            let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"\#(number)"}"#.utf8))
            _ = await refusal("\(header).\(body)")
        }
        #expect(tokens.count == 0)
        #expect((scene.figure("gw_jwks_absent_names") ?? .infinity) <= 1024)
    }

    @Test func theListDescribesEachWay() {
        let names = Authenticators.all.map { $0.kind.name }
        #expect(names == ["jwt", "key", "certificate", "nuc"])
        #expect(Set(names).count == names.count)
    }

    @Test func everyInstrumentHasAUniqueNameAndLabels() {
        let names = scene.authenticator.instruments.map { instrument in
            instrument.name + instrument.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        }
        #expect(Set(names).count == names.count)
        for instrument in scene.authenticator.instruments {
            #expect(instrument.name.hasSuffix("_total") == (instrument.kind == .counter))
        }
    }
}
