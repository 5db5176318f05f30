import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

private let label = KeyLabel(name: "openai", index: 0, place: "script 0")

@Suite struct RefusalTests {
    @Test func lendsWhatTheSourceGivesWhenAskedAgain() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let old = try kit.key()
        script.set(.key("sk-2"))
        #expect(await LendingKit.refuse(old) == "sk-2")
        #expect(kit.lent == "sk-2")
        #expect(kit.notices.all == [.changed(label)])
        // Whoever was refused with the same key at the same time gets what is there already.
        #expect(await LendingKit.refuse(old) == "sk-2")
        #expect(script.asked == 2)
    }

    @Test func asksTheSourceOnceForAllWhoWereRefused() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let old = try kit.key()
        script.set(.hang)
        let all = Task {
            await withTaskGroup(of: String?.self) { group in
                for _ in 0..<50 { group.addTask { await LendingKit.refuse(old) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        try await wait(for: "one reading") { script.hanging == 1 }
        script.release(.key("sk-2"))
        #expect(await all.value.allSatisfy { $0 == "sk-2" })
        #expect(script.asked == 2)
    }

    @Test func raisesTheAlarmOnceWhenTheSourceGivesTheSame() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        let key = try kit.key()
        #expect(await LendingKit.refuse(key) == nil)
        #expect(kit.state == .refused)
        #expect(kit.notices.all == [.refused(label)])
        // It is lent on, as the provider may think better of it, and the source is left in peace for a while.
        #expect(kit.lent == "sk-1")
        #expect(await LendingKit.refuse(key) == nil)
        #expect(script.asked == 2)
        kit.clock.advance(1)
        #expect(await LendingKit.refuse(key) == nil)
        #expect(script.asked == 3)
        kit.clock.advance(1)
        #expect(await LendingKit.refuse(key) == nil)
        #expect(script.asked == 3)
        #expect(kit.notices.all == [.refused(label)])
        try kit.vault.lend("openai", for: kit.permit).accepted()
        #expect(kit.state == .good)
        #expect(kit.notices.all == [.refused(label), .accepted(label)])
    }

    @Test func aForbiddenCallSaysNothingAboutASoleKey() async throws {
        let script = Script("sk-1")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        #expect(await LendingKit.refuse(try kit.key(), isForbidden: true) == nil)
        #expect(kit.state == .good && script.asked == 1)
    }

    @Test func triesTheKeyBeforeWhereTheNewOneIsNotKnownYet() async throws {
        let script = Script("sk-old")
        let kit = try LendingKit([script])
        await kit.vault.prime()
        script.set(.key("sk-new"))
        _ = await kit.vault.refresh("openai")
        let new = try kit.key()
        guard let loan = await new.lender?.refused(new, isForbidden: false) else {
            Issue.record("nothing was lent")
            return
        }
        #expect(LendingKit.text(loan) == "sk-old")
        loan.key.isInDoubt = true
        loan.accepted()
        #expect(kit.lent == "sk-old")
        #expect(kit.state == .good)
    }

    @Test func nothingIsSaidOfAKeyAboutWhichThereWasNoDoubt() async throws {
        let kit = try LendingKit([Script("sk-1")])
        await kit.vault.prime()
        try kit.vault.lend("openai", for: kit.permit).accepted()
        #expect(kit.notices.all.isEmpty)
    }
}

@Suite struct PoolTests {
    private func pool(_ count: Int, weights: [Int] = []) async throws -> (LendingKit, [Script]) {
        let scripts = (0..<count).map { Script("sk-\($0)") }
        let kit = try LendingKit(scripts, weights: weights)
        await kit.vault.prime()
        return (kit, scripts)
    }

    private func lent(_ kit: LendingKit, _ count: Int) -> [String: Int] {
        (0..<count).reduce(into: [:]) { counts, _ in counts[kit.lent ?? "none", default: 0] += 1 }
    }

    @Test func turnsFollowTheWeights() async throws {
        let (kit, _) = try await pool(3, weights: [5, 3, 2])
        #expect(lent(kit, 1000) == ["sk-0": 500, "sk-1": 300, "sk-2": 200])
        // Nobody gets all of his turns at once.
        #expect(lent(kit, 10) == ["sk-0": 5, "sk-1": 3, "sk-2": 2])
    }

    @Test func aThrottledKeyRestsUntilTheProviderSays() async throws {
        let (kit, _) = try await pool(2)
        let key = try kit.key()
        #expect(LendingKit.throttle(key, 20) == "sk-1")
        #expect(lent(kit, 10) == ["sk-1": 10])
        #expect(kit.status.map(\.state) == [.throttled, .good])
        kit.clock.advance(20)
        #expect(lent(kit, 10) == ["sk-0": 5, "sk-1": 5])
    }

    @Test func aRefusedKeyRestsLongerEachTimeAndReturnsWhenItIsTaken() async throws {
        let (kit, _) = try await pool(2)
        let key = try kit.key()
        #expect(await LendingKit.refuse(key) == "sk-1")
        #expect(lent(kit, 10) == ["sk-1": 10])
        try await wait(for: "the alarm") { kit.notices.all.count == 1 }
        kit.clock.advance(30)
        #expect(await LendingKit.refuse(key) == "sk-1")
        kit.clock.advance(30)
        #expect(lent(kit, 4) == ["sk-1": 4])
        kit.clock.advance(30)
        #expect(lent(kit, 4) == ["sk-0": 2, "sk-1": 2])
        Loan(of: key).accepted()
        #expect(kit.status.map(\.state) == [.good, .good])
    }

    @Test func aForbiddenCallTriesAnotherKey() async throws {
        let (kit, _) = try await pool(2)
        #expect(await LendingKit.refuse(try kit.key(), isForbidden: true) == "sk-1")
    }

    @Test func lendsTheOneThatHasRestedMostWhenAllRest() async throws {
        let (kit, _) = try await pool(2)
        let first = try kit.key()
        let second = try kit.key()
        #expect(LendingKit.throttle(first, 50) == "sk-1")
        #expect(LendingKit.throttle(second, 20) == nil)
        #expect(lent(kit, 5) == ["sk-1": 5])
    }

    @Test func aKeyThatIsNotThereIsPassedOver() async throws {
        let scripts = [Script(.fault(.missing(label: "script 0"))), Script("sk-1")]
        let kit = try LendingKit(scripts)
        await kit.vault.prime()
        #expect(lent(kit, 5) == ["sk-1": 5])
        #expect(kit.status.map(\.state) == [.missing, .good])
    }

    @Test func anotherKeyOfTheSameSourceIsNoLongerInDoubt() async throws {
        let (kit, scripts) = try await pool(2)
        scripts[0].set(.key("sk-0b"))
        #expect(await LendingKit.refuse(try kit.key()) == "sk-1")
        try await wait(for: "the new key") { lent(kit, 4) == ["sk-0b": 2, "sk-1": 2] }
    }
}
