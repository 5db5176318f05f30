import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct AllowanceTests {
    let zero = MonotonicTime(nanoseconds: 1_000)

    /// The answers to so many takings at these seconds.
    func answers(_ perSecond: Double, _ seconds: [Double]) -> [Bool] {
        var allowance = Allowance(perSecond: perSecond)
        return seconds.map { allowance.take(at: zero.advanced(bySeconds: $0)) }
    }

    @Test func lastsForASecondAtATime() {
        let start = Array(repeating: 0.0, count: 10)
        #expect(answers(10, start + [0, 0.05, 0.125, 0.125]).suffix(5) == [true, false, false, true, false])
        // A week of idleness brings no more than a second's worth.
        let later = Array(repeating: 604_800.0, count: 11)
        #expect(answers(10, start + later) == Array(repeating: true, count: 20) + [false])
    }

    @Test func timeThatRunsBackwardsBringsNothing() {
        #expect(answers(1, [10, 0, 10, -1e9, 11]) == [true, false, false, false, true])
    }
}
