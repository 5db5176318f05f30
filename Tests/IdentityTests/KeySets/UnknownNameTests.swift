import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

/// Tokens whose key's name no set has: they cause a fetch now and then, and nobody else pays for them.
@Suite struct UnknownNameTests {
    let signer = Signer("es-1")

    // SEC-204
    @Test func aStormOfUnknownNamesCausesOneFetch() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.clock.advance(31)
        scene.server.now(.hang)
        // The first of them makes the one attempt, which takes long; good tokens pass meanwhile.
        let payload = claims()
        let first = Task { await scene.fault(try scene.good("bogus-first")) }
        #expect(await eventually { scene.server.held == 1 })
        for _ in 0..<100 { #expect(await scene.fault(try scene.good()) == nil) }
        #expect(scene.server.held == 1)
        scene.server.release(.document(document(signer.jwk())))
        #expect(try await first.value == .unknownKey)
        // A signature that fits no key: it is never looked at.
        let body = Base64URL.encode(Array(payload.utf8)) + "." + Base64URL.encode(Array(repeating: 1, count: 64))
        let good = try scene.good()
        for number in 0..<10_000 {
            let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"bogus-\#(number)"}"#.utf8))
            let fault = await scene.fault("\(header).\(body)")
            if fault != .unknownKey { Issue.record("\(String(describing: fault))") }
            if number % 1000 == 0 { #expect(await scene.fault(good) == nil) }
            scene.clock.advance(0.001)
        }
        #expect(scene.server.fetches == 2)
    }

    // SEC-702
    @Test func goodTokensNeverSuspendDuringAStorm() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.clock.advance(31)
        scene.server.now(.hang)
        let token = Array(try scene.good().utf8)
        let storm = Task { await scene.fault(try scene.good("bogus")) }
        #expect(await eventually { scene.server.held == 1 })
        // An immediate task runs up to its first suspension before this line goes on.
        let done = Latch()
        Task.immediate {
            if await scene.fault(token) == nil { done.open() }
        }
        #expect(done.isOpen)
        scene.server.release(.document(document(signer.jwk())))
        #expect(try await storm.value == .unknownKey)
    }

    @Test func theCoolDownCountsFromTheLastAttempt() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.clock.advance(29.999)
        #expect(await scene.fault(try scene.good("new")) == .unknownKey)
        #expect(scene.server.fetches == 1)
        scene.clock.advance(0.001)
        #expect(await scene.fault(try scene.good("new")) == .unknownKey)
        #expect(scene.server.fetches == 2)
        #expect(await scene.fault(try scene.good("another")) == .unknownKey)
        #expect(scene.server.fetches == 2)
    }

    @Test func aFailedAttemptCoolsDownToo() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.server.now(.failure(.unreachable))
        scene.clock.advance(30)
        #expect(await scene.fault(try scene.good("new")) == .keysUnavailable)
        #expect(scene.server.fetches == 2)
        for _ in 0..<100 { #expect(await scene.fault(try scene.good("new")) == .keysUnavailable) }
        scene.clock.advance(29.9)
        #expect(await scene.fault(try scene.good("new")) == .keysUnavailable)
        #expect(scene.server.fetches == 2)
        #expect(await scene.fault(try scene.good()) == nil)
        scene.server.now(.document(document(signer.jwk())))
        scene.clock.advance(0.1)
        #expect(await scene.fault(try scene.good("new")) == .unknownKey)
        #expect(scene.server.fetches == 3)
    }

    @Test func oneBogusNameDoesNotUseUpEachWindow() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.clock.advance(30)
        #expect(await scene.fault(try scene.good("bogus")) == .unknownKey)
        #expect(scene.server.fetches == 2)
        #expect(scene.figure("gw_jwks_absent_names") == 1)
        scene.clock.advance(59.9)
        #expect(await scene.fault(try scene.good("bogus")) == .unknownKey)
        #expect(scene.server.fetches == 2)
        // Remembered for a minute, then asked for again.
        scene.clock.advance(0.1)
        #expect(await scene.fault(try scene.good("bogus")) == .unknownKey)
        #expect(scene.server.fetches == 3)
    }

    @Test func aRefreshForgetsWhatWasAbsent() async throws {
        let scene = try Scene(signer: signer)
        let next = Signer("es-2")
        #expect(await scene.verifier.prime())
        scene.clock.advance(30)
        let token = try next.token(payload: claims())
        #expect(await scene.fault(token) == .unknownKey)
        scene.server.now(.document(document(signer.jwk(), next.jwk())))
        scene.clock.advance(30)
        #expect(await scene.fault(token) == .unknownKey)
        #expect(scene.figure("gw_jwks_absent_names") == 1)
        #expect(await scene.fault(try scene.good("third")) == .unknownKey)
        #expect(scene.server.fetches == 3)
        #expect(scene.figure("gw_jwks_absent_names") == 1)
        #expect(await scene.fault(token) == nil)
    }

    // SEC-701
    @Test func absentNamesAreBounded() {
        var names = AbsentNames()
        let now = MonotonicTime(nanoseconds: 0)
        for number in 0..<5000 { names.insert("name-\(number)", at: now) }
        #expect(names.count == AbsentNames.capacity)
        #expect(!names.contains("name-0", at: now))
        #expect(names.contains("name-4999", at: now))
        #expect(names.contains("name-4999", at: now.advanced(bySeconds: 59)))
        #expect(!names.contains("name-4999", at: now.advanced(bySeconds: 60)))
    }
}
