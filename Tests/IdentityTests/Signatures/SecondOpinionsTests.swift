import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct SecondOpinionsTests {
    let zero = MonotonicTime(nanoseconds: 0)

    @Test func allAreWantedWhileThereAreFew() {
        var opinions = SecondOpinions()
        var series = Series(1)
        for number in 0..<1000 {
            let moment = zero.advanced(bySeconds: Double(number) / 99)
            let good = opinions.areWanted(of: true, at: moment, random: &series)
            let bad = opinions.areWanted(of: false, at: moment, random: &series)
            #expect(good && bad)
        }
    }

    @Test func ofAFloodOneIn64IsDrawn() {
        var opinions = SecondOpinions()
        var series = Series(2)
        var wanted: [Int] = []
        for number in 0..<64_000 where opinions.areWanted(of: false, at: zero, random: &series) {
            wanted.append(number)
        }
        #expect(wanted.prefix(100).elementsEqual(0..<100))
        // A thousand draws, give or take six standard deviations; and not each 64th.
        #expect((810...1190).contains(wanted.count - 100))
        let gaps = Set(zip(wanted.dropFirst(100), wanted.dropFirst(101)).map { $1 - $0 })
        #expect(gaps.count > 50)
        // The bad ones have used up nothing of the good ones' allowance.
        let good = (0..<100).map { _ in opinions.areWanted(of: true, at: zero, random: &series) }
        #expect(good.allSatisfy { $0 })
    }
}
