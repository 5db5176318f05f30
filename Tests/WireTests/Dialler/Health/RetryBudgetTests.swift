import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

// SEC-505
@Suite struct RetryBudgetTests {
    private let clock = ManualClock()

    private func retries(_ budget: inout RetryBudget) -> Int {
        var count = 0
        while count < 10_000, budget.takeRetry(at: clock.monotonic) { count += 1 }
        return count
    }

    @Test func threeWhateverHappens() {
        var budget = RetryBudget()
        #expect(retries(&budget) == 3)
        #expect(retries(&budget) == 0)
    }

    @Test func aFifthOfTheRequests() {
        var budget = RetryBudget()
        for _ in 0..<1000 { budget.noteRequest(at: clock.monotonic) }
        #expect(retries(&budget) == 203)
        for _ in 0..<50 { budget.noteRequest(at: clock.monotonic) }
        #expect(retries(&budget) == 10)
    }

    @Test func forgetsAfterTwoWindows() {
        var budget = RetryBudget()
        for _ in 0..<1000 { budget.noteRequest(at: clock.monotonic) }
        #expect(retries(&budget) == 203)
        clock.advance(11)
        #expect(retries(&budget) == 0)
        #expect(!budget.isForgotten(at: clock.monotonic))
        clock.advance(21)
        #expect(budget.isForgotten(at: clock.monotonic))
        #expect(retries(&budget) == 3)
    }

    @Test func nothingIsRememberedOfAnUnusedOne() {
        #expect(RetryBudget().isForgotten(at: clock.monotonic))
    }
}
