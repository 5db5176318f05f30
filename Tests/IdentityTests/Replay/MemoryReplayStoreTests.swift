import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct MemoryReplayStoreTests {
    func time(_ seconds: Double) -> UnixTime { UnixTime(seconds: seconds) }
    func id(_ name: String) -> ReplayIdentity { ReplayIdentity(kind: "test", owner: "o", id: name) }

    @Test func takesEachTokenOnceUntilItsEnd() async throws {
        let store = MemoryReplayStore()
        #expect(try await store.enter(id("a"), until: time(10), now: time(0)))
        #expect(try await !store.enter(id("a"), until: time(10), now: time(9.9)))
        #expect(try await store.enter(id("b"), until: time(10), now: time(0)))
        #expect(try await store.enter(id("a"), until: time(20), now: time(10)))
    }

    // SEC-205, SEC-701
    @Test func refusesWhenFullOfLiveEntries() async throws {
        let store = MemoryReplayStore(capacity: 2)
        #expect(try await store.enter(id("a"), until: time(10), now: time(0)))
        #expect(try await store.enter(id("b"), until: time(20), now: time(0)))
        await #expect(throws: ReplayStoreFault.full) { try await store.enter(id("c"), until: time(9), now: time(0)) }
        #expect(try await !store.enter(id("a"), until: time(10), now: time(1)))
        #expect(try await store.enter(id("c"), until: time(30), now: time(10)))
        #expect(store.instruments.first?.read() == 2)
    }

    // SEC-205
    @Test func ofManyAtOnceOneIsTaken() async throws {
        let store = MemoryReplayStore()
        let taken = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 {
                group.addTask { (try? await store.enter(id("a"), until: time(10), now: time(0))) ?? false }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 1)
    }

    @Test func namesOfDifferentOwnersAndKindsAreDifferent() {
        let all = [
            ReplayIdentity(kind: "a", owner: "b", id: "c"), ReplayIdentity(kind: "a", owner: "bc", id: ""),
            ReplayIdentity(kind: "ab", owner: "", id: "c"), ReplayIdentity(kind: "a", owner: "", id: "bc"),
            ReplayIdentity(kind: "a", owner: "b1:c", id: ""),
        ]
        #expect(Set(all).count == all.count)
    }
}
