import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

struct TargetOrderTests {
    private func targets(_ weights: [Int]) -> [ModelRules.Target] {
        weights.enumerated().map { ModelRules.Target(provider: "p\($0.offset)", weight: $0.element) }
    }

    private func order(
        _ choice: ModelRules.Choice,
        lots: [Int] = [],
        loads: [String: Double] = [:],
        avoided: Set<String> = []
    ) -> TargetOrder {
        let lots = Lots(lots)
        return TargetOrder(
            choice: choice,
            draw: { _ in lots.next() },
            load: { loads[$0] ?? 0 },
            isAvoided: { avoided.contains($0) }
        )
    }

    private final class Lots {
        private var lots: [Int]
        init(_ lots: [Int]) { self.lots = lots }
        func next() -> Int { lots.isEmpty ? 0 : lots.removeFirst() }
    }

    @Test func theOrderIsKept() {
        #expect(order(.order).positions(targets([1, 1, 1])) == [0, 1, 2])
    }

    @Test func whoIsLeftAloneComesLast() {
        #expect(order(.order, avoided: ["p0"]).positions(targets([1, 1, 1])) == [1, 2, 0])
        #expect(order(.weight, avoided: ["p0", "p1", "p2"]).positions(targets([1, 1, 1])) == [0, 1, 2])
        #expect(order(.latency, avoided: ["p0", "p1"]).positions(targets([1, 1, 1])) == [2, 0, 1])
    }

    @Test(arguments: [(0, 0), (2, 0), (3, 2), (3, 2)])
    func eachHasItsPart(_ lot: Int, _ first: Int) {
        #expect(order(.weight, lots: [lot]).positions(targets([3, 0, 1])).first == first)
    }

    @Test func ofTwoTheFasterIsAsked() {
        let loads = ["p0": 3.0, "p1": 1.0, "p2": 2.0]
        #expect(order(.latency, lots: [0, 0], loads: loads).positions(targets([1, 1, 1])) == [1, 0, 2])
        #expect(order(.latency, lots: [2, 0], loads: loads).positions(targets([1, 1, 1])) == [2, 0, 1])
        #expect(order(.latency, lots: [0, 1], loads: loads).positions(targets([1, 1, 1])) == [2, 0, 1])
        #expect(order(.latency, loads: loads).positions(targets([1])) == [0])
    }

    @Test func aSlowAnswerIsRememberedForAWhile() {
        let gauge = LatencyGauge()
        let start = MonotonicTime(nanoseconds: 0)
        let unknown = gauge.load(at: start)
        gauge.began()
        #expect(gauge.load(at: start) == unknown * 2)
        gauge.ended(4, failed: false, at: start)
        #expect(gauge.load(at: start) == 4)
        gauge.began()
        #expect(gauge.load(at: start) == 8)
        // It comes down by a part of the difference, and with time.
        gauge.ended(1, failed: false, at: start)
        let after = gauge.load(at: start)
        #expect(after > 1 && after < 4)
        #expect(gauge.load(at: start.advanced(bySeconds: 100)) < after / 5)
        gauge.began()
        gauge.ended(0, failed: true, at: start)
        #expect(gauge.load(at: start) == 10)
    }

    @Test(arguments: [
        (#"{"output_config":{"effort":"high"}}"#, true), (#"{"reasoning_effort":"xhigh"}"#, true),
        (#"{"reasoning":{"effort":"max"}}"#, true), (#"{"thinking":{"type":"enabled","budget_tokens":2048}}"#, true),
        (#"{"thinking":{"type":"enabled"},"output_config":{"effort":"medium"}}"#, false),
        (#"{"thinking":{"type":"adaptive"}}"#, false), (#"{"reasoning_effort":"low"}"#, false), ("{}", false),
        (#"{"messages":[{"reasoning_effort":"high"}]}"#, false), ("[", false),
    ])
    func muchThoughtIsAskedForInManyWords(_ body: String, _ isStrong: Bool) {
        #expect(ThoughtWish.isStrong(Array(body.utf8).span) == isStrong)
    }
}
