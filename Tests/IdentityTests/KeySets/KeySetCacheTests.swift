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
            #expect(await eventually { scene.waiters == 1000 && scene.server.held == 1 })
            scene.server.release(.document(document(signer.jwk())))
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(subjects.count == 1000)
        #expect(subjects.allSatisfy { $0 == "user-1" })
        #expect(scene.server.fetches == 1)
        #expect(scene.waiters == 0)
    }

    @Test func moreWaitersThanTheBoundAreRefusedAtOnce() async throws {
        let scene = try Scene(signer: signer, mode: .hang)
        let token = Array(try scene.good().utf8)
        let faults = await withTaskGroup(of: TokenFault?.self) { group in
            for _ in 0..<1100 { group.addTask { await scene.fault(token) } }
            // The others are answered while the server still hangs.
            #expect(await eventually { scene.waiters == 1024 && scene.refusedWaiters == 76 && scene.server.held == 1 })
            var faults: [TokenFault?] = []
            scene.server.release(.document(document(signer.jwk())))
            for await next in group { faults.append(next) }
            return faults
        }
        #expect(faults.count { $0 == nil } == 1024)
        #expect(faults.count { $0 == .keysUnavailable } == 76)
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
        #expect(scene.figure("gw_jwks_fetch_total", failure.rawValue) == 1)
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
        #expect(await eventually { scene.waiters == 1 && scene.clock.sleeping == 1 && scene.server.held == 1 })
        scene.clock.advance(4.999)
        #expect(scene.waiters == 1)
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
        #expect(await eventually { scene.waiters == 2 && scene.server.held == 1 })
        leaving.cancel()
        #expect(await leaving.value == .keysUnavailable)
        #expect(scene.waiters == 1)
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
        let generation = scene.verifier.keyGeneration.current
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
        #expect(scene.verifier.keyGeneration.current == generation)
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
        #expect(scene.figure("gw_token_cache_hits_total") == 1)
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
        let generation = scene.verifier.keyGeneration.current
        scene.clock.advance(600)
        #expect(await scene.verifier.prime())
        #expect(scene.server.fetches == 2)
        #expect(scene.verifier.keyGeneration.current == generation)
        scene.server.now(.document(document(signer.jwk(), Signer("es-2").jwk())))
        scene.clock.advance(600)
        #expect(await scene.verifier.prime())
        #expect(scene.verifier.keyGeneration.current != generation)
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
}
