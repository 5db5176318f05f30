import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

/// The key-set cache against a key-set server that misbehaves, seen through the verifier.
@Suite struct KeySetCacheTests {
    let signer = Signer("es-1")

    // MARK: An empty cache

    @Test func aThousandFirstRequestsCauseOneFetch() async throws {
        let scene = try Scene(signer: signer, mode: .hang)
        let token = Array(try scene.good().utf8)
        let subjects = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<1000 {
                group.addTask { try? await scene.verifier.verify(token).identity.subject }
            }
            #expect(await eventually { waiters(scene) == 1000 && scene.server.held == 1 })
            scene.server.release(.document(document(signer.jwk())))
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(subjects.count == 1000)
        #expect(subjects.allSatisfy { $0 == "user-1" })
        #expect(scene.server.fetches == 1)
        #expect(waiters(scene) == 0)
    }

    @Test func moreWaitersThanTheBoundAreRefusedAtOnce() async throws {
        let scene = try Scene(signer: signer, mode: .hang)
        let token = Array(try scene.good().utf8)
        let faults = await withTaskGroup(of: TokenFault?.self) { group in
            for _ in 0..<1100 { group.addTask { await scene.fault(token) } }
            #expect(await eventually { waiters(scene) == 1024 })
            var faults: [TokenFault?] = []
            // These are answered while the server still hangs.
            for _ in 0..<76 { if let next = await group.next() { faults.append(next) } }
            #expect(faults.allSatisfy { $0 == .keysUnavailable })
            scene.server.release(.document(document(signer.jwk())))
            for await next in group { faults.append(next) }
            return faults
        }
        #expect(faults.count { $0 == nil } == 1024)
        #expect(scene.server.fetches == 1)
    }

    @Test func aServerThatIsDownAtStartAndThenComesUp() async throws {
        let scene = try Scene(signer: signer, mode: .failure(.unreachable))
        #expect(await scene.verifier.prime() == false)
        #expect(scene.verifier.keySets == [KeySetStatus(usable: 0, ageSeconds: nil, stale: false, failures: 1)])
        // The pause of one second is not over: refused without asking.
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(scene.server.fetches == 1)
        scene.server.now(.document(document(signer.jwk())))
        scene.clock.advance(0.999)
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        scene.clock.advance(0.001)
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(scene.server.fetches == 2)
        #expect(scene.verifier.keySets == [KeySetStatus(usable: 1, ageSeconds: 0, stale: false, failures: 0)])
    }

    @Test func pausesDoubleUpToAMinute() async throws {
        let scene = try Scene(signer: signer, mode: .failure(.unreachable))
        let token = try scene.good()
        for (fetch, pause) in [1.0, 2, 4, 8, 16, 32, 60, 60].enumerated() {
            #expect(await scene.fault(token) == .keysUnavailable)
            #expect(scene.server.fetches == fetch + 1)
            scene.clock.advance(pause - 0.001)
            #expect(await scene.fault(token) == .keysUnavailable)
            #expect(scene.server.fetches == fetch + 1)
            scene.clock.advance(0.001)
        }
    }

    @Test func pausesAreJittered() {
        let schedule = KeySetSchedule()
        #expect((1...9).map { schedule.pause(failures: $0, jitter: 0.5) } == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(schedule.pause(failures: 1, jitter: 0) == 0.8)
        #expect(abs(schedule.pause(failures: 100_000, jitter: 1) - 72) < 1e-9)
    }

    @Test(arguments: FetchFailure.allCases)
    func aFailureIsNeverAnUnknownKey(failure: FetchFailure) async throws {
        let scene = try Scene(signer: signer, mode: .failure(failure))
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(await scene.fault(try scene.good("other")) == .keysUnavailable)
        #expect(scene.notices.failed == [failure.rawValue])
        #expect(count(scene, "gw_jwks_fetch_total", failure.rawValue) == 1)
    }

    @Test(arguments: [
        ("", "malformed"), ("{}", "malformed"), (#"{"keys":{}}"#, "malformed"), (#"{"keys":[]}"#, "no_usable_key"),
        (#"{"keys":[],"keys":[]}"#, "malformed"), (#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "no_usable_key"),
        ("<html>", "malformed"),
    ])
    func aDocumentWithoutAUsableKeyIsAFailure(body: String, result: String) async throws {
        let scene = try Scene(signer: signer, mode: .document(Array(body.utf8)))
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(scene.notices.failed == [result])
    }

    @Test func aDocumentOf300KiBIsAFailure() async throws {
        let padding = Array(repeating: UInt8(ascii: " "), count: 300 << 10)
        let scene = try Scene(signer: signer, mode: .document(document(signer.jwk()) + padding))
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(scene.notices.failed == ["too_large"])
    }

    @Test func aDocumentOfMoreThanAHundredKeysIsAFailure() async throws {
        let keys = (0...100).map { _ in signer.jwk() }.joined(separator: ",")
        let scene = try Scene(signer: signer, mode: .document(Array(#"{"keys":[\#(keys)]}"#.utf8)))
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(scene.notices.failed == ["malformed"])
    }

    @Test func aServerThatHangsIsGivenUpAfterFiveSeconds() async throws {
        let scene = try Scene(signer: signer, mode: .hang)
        let token = try scene.good()
        async let fault = scene.fault(token)
        #expect(await eventually { waiters(scene) == 1 && scene.clock.sleeping == 1 && scene.server.held == 1 })
        scene.clock.advance(4.999)
        #expect(waiters(scene) == 1)
        scene.clock.advance(0.001)
        #expect(await fault == .keysUnavailable)
        #expect(scene.notices.failed == ["timed_out"])
        // What comes after the end is not taken.
        scene.server.release(.document(document(signer.jwk())))
        #expect(await scene.fault(token) == .keysUnavailable)
        scene.clock.advance(1)
        #expect(await scene.fault(token) == nil)
        #expect(scene.server.fetches == 2)
    }

    @Test func aWaiterThatLeavesDoesNotEndTheFetch() async throws {
        let scene = try Scene(signer: signer, mode: .hang)
        let token = try scene.good()
        let leaving = Task { await scene.fault(token) }
        let staying = Task { await scene.fault(token) }
        #expect(await eventually { waiters(scene) == 2 && scene.server.held == 1 })
        leaving.cancel()
        #expect(await leaving.value == .keysUnavailable)
        #expect(waiters(scene) == 1)
        scene.server.release(.document(document(signer.jwk())))
        #expect(await staying.value == nil)
        #expect(scene.server.fetches == 1)
    }

    // MARK: A set that ages

    @Test func anExpiredSetIsServedWhileItIsReadAnew() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.fault(try scene.good()) == nil)
        scene.clock.advance(599)
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(scene.server.fetches == 1)
        scene.server.now(.hang)
        scene.clock.advance(1)
        // Nobody waits though the server hangs.
        for _ in 0..<10 { #expect(await scene.fault(try scene.good()) == nil) }
        #expect(await eventually { scene.server.held == 1 })
        #expect(scene.server.fetches == 2)
        #expect(scene.verifier.keySets.first?.stale == true)
        scene.server.release(.document(document(signer.jwk())))
        #expect(await eventually { scene.verifier.keySets.first?.stale == false })
        #expect(scene.server.fetches == 2)
    }

    @Test(arguments: [(1, 60), (90, 90), (86_400, 3600), (-5, 60)])
    func maxAgeIsHonouredWithinBounds(maxAge: Int, fresh: Int) async throws {
        let scene = try Scene(signer: signer, mode: .document(document(signer.jwk()), maxAge: maxAge))
        #expect(await scene.verifier.prime())
        scene.clock.advance(Double(fresh) - 1)
        #expect(scene.verifier.keySets.first?.stale == false)
        scene.clock.advance(1)
        #expect(scene.verifier.keySets.first?.stale == true)
    }

    @Test func aFailedRefreshChangesNothing() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        let generation = scene.verifier.generation
        let broken: [KeySetServer.Mode] = [
            .failure(.status), .failure(.redirect), .failure(.timedOut), .failure(.tooLarge),
            .document(Array(#"{"keys":[]}"#.utf8)), .document(Array("{".utf8)),
        ]
        scene.clock.advance(600)
        for (number, mode) in broken.enumerated() {
            scene.server.now(mode)
            #expect(await scene.fault(try scene.good()) == nil)
            #expect(await eventually { scene.verifier.keySets.first?.failures == number + 1 })
            scene.clock.advance(100)
        }
        #expect(scene.verifier.generation == generation)
        #expect(scene.verifier.keySets.first?.usable == 1)
        #expect(scene.server.fetches == 1 + broken.count)
    }

    @Test func aStaleSetIsUsedForADayAndNoLonger() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.server.now(.failure(.unreachable))
        scene.clock.advance(600 + 86_399)
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(await eventually { scene.verifier.keySets.first?.failures == 1 })
        #expect(scene.notices.stale == 1)
        scene.clock.advance(1)
        #expect(await scene.fault(try scene.good()) == .keysUnavailable)
        #expect(scene.verifier.keySets.first?.usable == 0)
    }

    @Test func staleIsSaidOnceAMinute() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.server.now(.failure(.unreachable))
        scene.clock.advance(600)
        for failure in 1...6 {
            #expect(await scene.fault(try scene.good()) == nil)
            #expect(await eventually { scene.notices.failed.count == failure })
            scene.clock.advance(64)
            if failure < 3 { #expect(scene.notices.stale <= failure) }
        }
        #expect(scene.notices.stale == 6)
        let soon = try Scene(signer: signer)
        #expect(await soon.verifier.prime())
        soon.server.now(.failure(.unreachable))
        soon.clock.advance(600)
        for failure in 1...4 {
            #expect(await soon.fault(try soon.good()) == nil)
            #expect(await eventually { soon.notices.failed.count == failure })
            soon.clock.advance(9)
        }
        #expect(soon.notices.stale == 1)
    }

    // MARK: Names never seen

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

    @Test func goodTokensNeverSuspendDuringAStorm() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.clock.advance(31)
        scene.server.now(.hang)
        let token = Array(try scene.good().utf8)
        let storm = Task { await scene.fault(try scene.good("bogus")) }
        #expect(await eventually { scene.server.held == 1 })
        // An immediate task runs up to its first suspension before this line goes on.
        let done = Flag()
        Task.immediate {
            if await scene.fault(token) == nil { done.set() }
        }
        #expect(done.isSet)
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
        #expect(count(scene, "gw_jwks_absent_names") == 1)
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
        #expect(await scene.fault(try scene.good("third")) == .unknownKey)
        #expect(scene.server.fetches == 3)
        #expect(await scene.fault(token) == nil)
    }

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

    // MARK: Rotation

    @Test func aNewKeyWorksOnItsFirstUseWithOverlap() async throws {
        let scene = try Scene(signer: signer)
        let next = Signer("es-2")
        #expect(await scene.verifier.prime())
        scene.clock.advance(30)
        scene.server.now(.document(document(signer.jwk(), next.jwk())))
        #expect(await scene.fault(try next.token(payload: claims())) == nil)
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(scene.server.fetches == 2)
    }

    @Test func aSwapWithoutOverlapEndsTheOldKey() async throws {
        let scene = try Scene(signer: signer)
        let next = Signer("es-2")
        let old = call(try scene.good())
        let tokens = scene.authenticator.makeMemory(capacity: 64)
        _ = try await scene.authenticator.identify(old, remembering: tokens)
        _ = try await scene.authenticator.identify(old, remembering: tokens)
        #expect(count(scene, "gw_token_cache_hits_total") == 1)
        scene.clock.advance(30)
        scene.server.now(.document(document(next.jwk())))
        let new = call(try next.token(payload: claims()))
        _ = try await scene.authenticator.identify(new, remembering: tokens)
        // The cached token goes with its key, at once.
        let refusal = await #expect(throws: GateError.self) {
            try await scene.authenticator.identify(old, remembering: tokens)
        }
        #expect(refusal?.code == .invalidToken)
        #expect(refusal.map { "\($0.cause)" } == "unknown_key")
    }

    @Test func aSetThatDropsAllItsKeysIsNotBelieved() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        scene.server.now(.document(Array(#"{"keys":[]}"#.utf8)))
        scene.clock.advance(600)
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(await eventually { scene.verifier.keySets.first?.failures == 1 })
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(scene.notices.failed == ["no_usable_key"])
    }

    @Test func anUnchangedDocumentKeepsTheGeneration() async throws {
        let scene = try Scene(signer: signer)
        #expect(await scene.verifier.prime())
        let generation = scene.verifier.generation
        scene.clock.advance(600)
        #expect(await scene.verifier.prime())
        #expect(scene.server.fetches == 2)
        #expect(scene.verifier.generation == generation)
        scene.server.now(.document(document(signer.jwk(), Signer("es-2").jwk())))
        scene.clock.advance(600)
        #expect(await scene.verifier.prime())
        #expect(scene.verifier.generation != generation)
    }

    // MARK: Upkeep

    @Test func upkeepReadsTheSetWhenItIsDue() async throws {
        let scene = try Scene(signer: signer, mode: .failure(.unreachable))
        let upkeep = Task { await scene.verifier.maintain() }
        #expect(await eventually { scene.server.fetches == 1 && scene.clock.sleeping == 1 })
        scene.server.now(.document(document(signer.jwk())))
        scene.clock.advance(1)
        #expect(await eventually { scene.verifier.keySets.first?.usable == 1 })
        #expect(scene.server.fetches == 2)
        // Its pause after an attempt, then the time for which the set is fresh.
        #expect(await eventually { scene.clock.sleeping == 1 })
        scene.clock.advance(1)
        #expect(await eventually { scene.clock.sleeping == 1 })
        scene.clock.advance(598)
        #expect(scene.server.fetches == 2)
        scene.clock.advance(1)
        #expect(await eventually { scene.server.fetches == 3 })
        upkeep.cancel()
        await upkeep.value
    }

    @Test func droppedKeysAreNamedToTheOperatorOnce() async throws {
        let keys = document(signer.jwk(), signer.jwk(#""kid":"x","use":"enc""#), #"{"kty":"FUTURE"}"#)
        let scene = try Scene(signer: signer, keys: keys)
        #expect(await scene.verifier.prime())
        #expect(scene.notices.dropped == [.use, .unsupported])
        scene.clock.advance(600)
        #expect(await scene.verifier.prime())
        #expect(scene.notices.dropped.count == 2)
    }

    // MARK: Helpers of this suite

    func count(_ scene: Scene, _ name: String, _ result: String? = nil) -> Int? {
        let instrument = scene.authenticator.instruments.first { instrument in
            instrument.name == name && (result == nil || instrument.labels.contains { $0.value == result })
        }
        return instrument.map { Int($0.read()) }
    }

    func waiters(_ scene: Scene) -> Int? { count(scene, "gw_jwks_waiters") }
}
