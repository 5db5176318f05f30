import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

@Suite struct UsageMeterTests {
    let now = UnixTime(seconds: 1000)

    func limit(_ key: UInt64, _ most: Int, ends: Double = 1060) -> UsageLimit {
        UsageLimit(key: .init(high: key, low: 0), most: most, ends: UnixTime(seconds: ends))
    }

    @Test func `exactly as many of 64 tasks pass as the limit allows`() async {
        let meter = UsageMeter()
        let (passed, refused) = (Counter(), Counter())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    do throws(GateError) {
                        try meter.take([limit(1, 10)], now: now)
                        passed.increment()
                    } catch {
                        if error.code == .usageLimitReached { refused.increment() }
                    }
                }
            }
        }
        #expect(passed.current == 10 && refused.current == 54)
    }

    @Test func `one use is taken of all limits or of none`() throws {
        let meter = UsageMeter()
        try meter.take([limit(1, 3), limit(2, 1)], now: now)
        // The second is used up: the first keeps what it has.
        for _ in 0..<5 { #expect(throws: GateError.self) { try meter.take([limit(1, 3), limit(2, 1)], now: now) } }
        try meter.take([limit(1, 3)], now: now)
        try meter.take([limit(1, 3)], now: now)
        #expect(throws: GateError.self) { try meter.take([limit(1, 3)], now: now) }
    }

    @Test func `a limit of zero admits nobody, and the answer says when it ends`() throws {
        let error = #expect(throws: GateError.self) { try UsageMeter().take([limit(1, 0, ends: 1059.5)], now: now) }
        #expect(error?.code == .usageLimitReached && error?.retry == .after(seconds: 60))
        #expect(error?.status == 429)
    }

    @Test func `nothing that counts is dropped, and what has ended makes room`() throws {
        let meter = UsageMeter(capacity: 2)
        try meter.take([limit(1, 1)], now: now)
        try meter.take([limit(2, 1, ends: 2000)], now: now)
        let full = #expect(throws: GateError.self) { try meter.take([limit(3, 1)], now: now) }
        #expect(full?.code == .overloaded)
        #expect(throws: GateError.self) { try meter.take([limit(1, 1)], now: now) }
        try meter.take([limit(3, 1, ends: 2000)], now: now + 60)
        #expect(throws: GateError.self) { try meter.take([limit(2, 1, ends: 2000)], now: now + 60) }
    }

    @Test func `no limit costs nothing`() throws {
        let meter = UsageMeter(capacity: 0)
        for _ in 0..<100 { try meter.take([], now: now) }
    }
}
