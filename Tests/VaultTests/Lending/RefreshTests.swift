import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

private let down = SourceFault.unreadable(label: "script 0", reason: "gone")

@Suite struct RefreshTests {
    @Test func lendsNothingUntilTheSourceHasAnswered() async throws {
        let kit = try LendingKit([Script("sk-1")])
        #expect(kit.lent == nil)
        #expect(kit.state == .missing)
        await kit.vault.prime()
        #expect(kit.lent == "sk-1")
        #expect(kit.state == .good)
    }

    @Test func `a start waits two seconds for all keys together, and no longer`() async throws {
        let (quick, slow, silent) = (Script("sk-1"), Script(.hang), Script(.hang))
        let kit = try LendingKit([quick, slow, silent])
        let priming = Task { await kit.vault.prime() }
        try await wait(for: "both to hang") { slow.hanging == 1 && silent.hanging == 1 && kit.lent == "sk-1" }
        kit.clock.advance(Vault.primeLimit)
        #expect(await priming.value.map(\.index) == [1, 2])
        // What was under way goes on.
        slow.release(.key("sk-2"))
        try await wait(for: "the slow one") { kit.status.map(\.state) == [.good, .good, .missing] }
        silent.release(.fault(down))
    }

    @Test func `a start with keys that come or fail waits for nothing else`() async throws {
        let kit = try LendingKit([Script("sk-1"), Script(.fault(down))])
        // The clock stands still all the while.
        let missing = await kit.vault.prime()
        #expect(missing.map(\.index) == [1] && missing.first?.lastError != nil)
        #expect(await kit.vault.prime(within: 0).map(\.index) == [1])
    }

    @Test func readsAgainAtFourFifthsOfAKeysLife() async throws {
        let script = Script("sk-1", life: 100)
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let upkeep = Task { await kit.vault.maintain() }
        defer { upkeep.cancel() }
        try await wait(for: "the upkeep to sleep") { kit.clock.sleeping == 1 }
        script.set(.key("sk-2", life: 100))
        kit.clock.advance(60)
        try await wait(for: "the upkeep to sleep") { kit.clock.sleeping == 1 }
        #expect(script.asked == 1)
        kit.clock.advance(20)
        try await wait(for: "the new key") { kit.lent == "sk-2" }
        #expect(script.asked == 2)
        #expect(kit.notices.all == [.changed(KeyLabel(name: "openai", index: 0, place: "script 0"))])
    }

    @Test func neverLendsAKeyWhoseSourceHasNamedItsEnd() async throws {
        // SEC-210: no upkeep runs here, so nothing sweeps.
        let kit = try LendingKit([Script("sk-1", life: 100)])
        await kit.vault.prime()
        kit.clock.advance(99.9)
        #expect(kit.lent == "sk-1")
        kit.clock.advance(0.1)
        #expect(kit.lent == nil)
        #expect(kit.state == .missing)
    }

    @Test func usesAKeyBeyondItsTimeAsLongAsItMayWhileTheSourceIsDown() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script]) {
            $0.ttl = 100
            $0.maxStale = 50
        }
        await kit.vault.prime()
        script.set(.fault(down))
        kit.clock.advance(101)
        #expect(await kit.vault.refresh("openai") == [.failed(down)])
        #expect(kit.lent == "sk-1")
        #expect(kit.state == .stale)
        let label = KeyLabel(name: "openai", index: 0, place: "script 0")
        #expect(kit.notices.all == [.refreshFailed(label, down), .stale(label)])
        // The same trouble is not told again.
        _ = await kit.vault.refresh("openai")
        #expect(kit.notices.all.count == 2)
        kit.clock.advance(49)
        #expect(kit.lent == nil)
        script.set(.key("sk-2"))
        #expect(await kit.vault.refresh("openai") == [.changed])
        #expect(kit.lent == "sk-2")
    }

    @Test func lendsNothingBeyondItsTimeWhereThatIsWished() async throws {
        let kit = try LendingKit([Script("sk-1")]) {
            $0.ttl = 100
            $0.onError = .fail
        }
        await kit.vault.prime()
        kit.clock.advance(100)
        #expect(kit.lent == nil)
    }

    @Test func waitsLongerAfterEachFailure() async throws {
        let script = Script(.fault(down))
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let upkeep = Task { await kit.vault.maintain() }
        defer { upkeep.cancel() }
        for (pause, asked) in [(1.0, 2), (2, 3), (4, 4), (8, 5), (16, 6), (32, 7), (60, 8), (60, 9)] {
            // The reading has a sleeper of its own until it has ended.
            try await wait(for: "the upkeep to sleep") { kit.clock.hasSleeper(for: pause) }
            kit.clock.advance(pause - 0.01)
            #expect(script.asked == asked - 1)
            // The upkeep sleeps for a second at least.
            kit.clock.advance(0.01)
            try await wait(for: "attempt \(asked)") { script.asked == asked }
        }
    }

    @Test(arguments: [
        (1, 0.0, 1.0), (1, 1.0, 1.2), (2, 0.0, 1.6), (2, 1.0, 2.4), (6, 0.5, 32), (7, 1, 72), (400, 0.5, 60),
    ])
    func spreadsItsPauses(_ failures: Int, _ jitter: Double, _ expected: Double) {
        #expect(abs(RefreshPlan.pause(failures: failures, jitter: jitter) - expected) < 1e-9)
    }

    @Test func waitsLongAtOnceWhenTheSourceSaysThatTryingIsInVain() {
        #expect(RefreshPlan.pause(failures: 1, isLasting: true, jitter: 0.5) == 60)
        #expect(SourceFault.missing(label: "x").isLasting)
        #expect(!SourceFault.timedOut(label: "x").isLasting)
    }

    @Test func asksOnceForAllWhoWant() async throws {
        let script = Script(.hang)
        let kit = try LendingKit([script])
        let all = Task {
            await withTaskGroup(of: [RefreshOutcome]?.self) { group in
                for _ in 0..<50 { group.addTask { await kit.vault.refresh("openai") } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        try await wait(for: "one reading") { script.hanging == 1 }
        // All fifty may not be waiting yet; those who come later find the key at hand and ask again.
        script.release(.key("sk-1"))
        let outcomes = await all.value
        #expect(outcomes.allSatisfy { $0 == [.same] })
        #expect(kit.lent == "sk-1")
    }

    @Test func endsAReadingThatTakesTooLong() async throws {
        let script = Script(.hang)
        let kit = try LendingKit([script]) { $0.timeout = 10 }
        let reading = Task { await kit.vault.refresh("openai") }
        try await wait(for: "the reading") { script.hanging == 1 && kit.clock.sleeping == 1 }
        kit.clock.advance(10)
        #expect(await reading.value == [.failed(.timedOut(label: "script 0"))])
        // What comes too late changes nothing.
        script.release(.key("sk-late"))
        #expect(kit.lent == nil)
        #expect(kit.status.first?.lastError == "script 0 did not answer in time")
    }

    @Test func aWaiterThatIsCancelledEndsNobodysReading() async throws {
        let script = Script(.hang)
        let kit = try LendingKit([script])
        let one = Task { await kit.vault.refresh("openai") }
        try await wait(for: "the reading") { script.hanging == 1 }
        one.cancel()
        #expect(await one.value == [.failed(.givenUp(label: "script 0"))])
        script.release(.key("sk-1"))
        try await wait(for: "the key") { kit.lent == "sk-1" }
    }

    @Test func keepsTheHolderWhileTheKeyIsTheSame() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let before = try kit.key()
        #expect(await kit.vault.refresh("openai") == [.same])
        #expect(try kit.key() === before)
        script.set(.key("sk-2"))
        #expect(await kit.vault.refresh("openai") == [.changed])
        #expect(try kit.key().number != before.number)
    }

    @Test func refusesWhatCanBeNoKeyAndKeepsWhatItHas() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        for text in ["", "sk\ncanary", String(repeating: "x", count: 8193)] {
            script.set(.key(text))
            guard case .failed = await kit.vault.refresh("openai")?.first else {
                Issue.record("taken")
                return
            }
            #expect(kit.lent == "sk-1")
        }
        script.set(.key("sk-over", life: 0))
        #expect(await kit.vault.refresh("openai") == [.failed(.expired(label: "script 0"))])
        #expect(kit.lent == "sk-1")
        #expect(kit.status.first?.failures == 4)
        #expect(!"\(kit.notices.all) \(kit.status)".contains("canary"))
    }

    @Test func saysHowAKeyFares() async throws {
        let script = Script("sk-canary", life: 100)
        let kit = try LendingKit([script])
        let start = kit.clock.now
        await kit.vault.prime()
        script.set(.fault(down))
        _ = await kit.vault.refresh("openai")
        let status = try #require(kit.status.first)
        #expect(status.name == "openai" && status.index == 0)
        #expect(status.source == "scripted" && status.place == "script 0")
        #expect(status.expiresAt == start + 100)
        #expect(status.lastRefresh == start)
        #expect(status.lastError == "script 0 cannot be read: gone")
        #expect(status.refreshes == 1 && status.failures == 1)
        #expect(kit.vault.statuses == kit.status)
        #expect(kit.vault.status("other").isEmpty)
        #expect(await kit.vault.refresh("other") == nil)
        #expect(!"\(status)".contains("canary"))
    }

    @Test func aReloadKeepsARingAboutWhichNothingHasChanged() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let plan = KeyPlan(SourceReference(ScriptedSource(name: "0", script: script)))
        let next = try Vault(["openai": [plan]], Surroundings(environment: [:]), engine: kit.engine, keeping: kit.vault)
        #expect(try next.lend("openai", for: kit.permit).key === kit.key())
        await next.prime()
        #expect(script.asked == 1)
        var other = RefreshPlan()
        other.ttl = 5
        let changed = KeyPlan(SourceReference(ScriptedSource(name: "0", script: script)), refresh: other)
        let third = try Vault(
            ["openai": [changed]],
            Surroundings(environment: [:]),
            engine: kit.engine,
            keeping: kit.vault
        )
        #expect(throws: GateError.self) { _ = try third.lend("openai", for: kit.permit) }
    }
}
