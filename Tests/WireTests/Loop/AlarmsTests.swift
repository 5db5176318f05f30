import Testing

@testable import OstiaryWire

@Suite struct AlarmsTests {
    private static func alarm(_ time: Int64) -> Alarm { Alarm(at: time, ring: {}, fail: { _ in }) }

    /// Thousands of alarms set, cancelled and taken in an order without a pattern, against a sorted list.
    @Test func keepsTheEarliestFirst() {
        var alarms = Alarms()
        var expected: [Alarm] = []
        var random: UInt64 = 42
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        var now: Int64 = 0
        for _ in 0..<20_000 {
            switch next(5) {
            case 0, 1, 2:
                let alarm = Self.alarm(now + Int64(next(50)))
                alarms.set(alarm)
                let place = expected.firstIndex { $0.time > alarm.time } ?? expected.count
                expected.insert(alarm, at: place)
            case 3 where !expected.isEmpty:
                let alarm = expected.remove(at: next(expected.count))
                alarms.cancel(alarm)
                alarms.cancel(alarm)
            default:
                now += Int64(next(5))
                while let due = alarms.takeDue(at: now) {
                    #expect(due === expected.first)
                    expected.removeFirst()
                }
            }
            #expect(alarms.count == expected.count)
            #expect(alarms.first == expected.first?.time)
            #expect((alarms.first ?? .max) > now || expected.first.map { $0.time >= now } == true)
        }
    }

    @Test func ringsTheOneThatWasSetFirstOfTwoAtTheSameTime() {
        var alarms = Alarms()
        let all = (0..<100).map { _ in Self.alarm(7) }
        for alarm in all { alarms.set(alarm) }
        for alarm in all { #expect(alarms.takeDue(at: 7) === alarm) }
        #expect(alarms.takeDue(at: .max) == nil)
    }

    @Test func doesNotCancelAStranger() {
        var alarms = Alarms()
        alarms.set(Self.alarm(1))
        alarms.cancel(Self.alarm(1))
        var others = Alarms()
        let other = Self.alarm(1)
        others.set(other)
        alarms.cancel(other)
        #expect(alarms.count == 1)
    }
}
