import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

// SEC-702
@Suite struct BreakerTests {
    private let clock = ManualClock()

    private func breaker(
        _ changes: Observed<[Breaker.State]>? = nil,
        _ change: (inout Breaker.Settings) -> Void = { _ in }
    ) -> Breaker {
        var settings = Breaker.Settings()
        change(&settings)
        return Breaker(settings) { state in changes?.change { $0.append(state) } }
    }

    /// One call from its beginning to its end; `nil` when it was refused.
    @discardableResult
    private func call(_ breaker: Breaker, _ verdict: Breaker.Verdict) -> Breaker.Admission? {
        guard let admission = try? breaker.admit(at: clock.monotonic) else { return nil }
        breaker.ended(verdict, admission, at: clock.monotonic)
        return admission
    }

    private func state(_ breaker: Breaker) -> Breaker.State { breaker.report(at: clock.monotonic).state }

    @Test func opensAfterFailuresInARow() throws {
        let changes = Observed<[Breaker.State]>([])
        let breaker = breaker(changes)
        for _ in 0..<4 { call(breaker, .failure) }
        #expect(state(breaker) == .closed)
        #expect(breaker.report(at: clock.monotonic).failuresInARow == 4)
        call(breaker, .failure)
        #expect(state(breaker) == .open)
        #expect(changes.value == [.open])
        let refusal = #expect(throws: GateError.self) { try breaker.admit(at: clock.monotonic) }
        #expect(refusal?.code == .upstreamUnreachable)
        #expect(refusal?.cause.description == "breaker_open")
        #expect(refusal?.retry == .after(seconds: 10))
        clock.advance(9.5)
        #expect(throws: GateError.self) { try breaker.admit(at: clock.monotonic) }
        #expect(breaker.instruments(provider: "p").value("gw_upstream_breaker") == 2)
        #expect(breaker.instruments(provider: "p").value("gw_upstream_breaker_refused_total") == 2)
        #expect(breaker.instruments(provider: "p").value("gw_upstream_breaker_changes_total", "open") == 1)
    }

    @Test func aSuccessEndsTheRow() {
        let breaker = breaker()
        for _ in 0..<10 {
            for _ in 0..<4 { call(breaker, .failure) }
            call(breaker, .success)
            clock.advance(11)
        }
        #expect(state(breaker) == .closed)
    }

    @Test func opensWhenHalfOfTheCallsFail() {
        let breaker = breaker()
        for _ in 0..<9 {
            call(breaker, .failure)
            call(breaker, .success)
        }
        call(breaker, .success)
        #expect(state(breaker) == .closed)
        call(breaker, .failure)
        #expect(state(breaker) == .open)
    }

    @Test func aShareSaysNothingOfFewCallsOrOfLongTime() {
        let breaker = breaker()
        for _ in 0..<50 {
            call(breaker, .failure)
            call(breaker, .success)
            clock.advance(1.2)
        }
        #expect(state(breaker) == .closed)
    }

    // One caller's question that always fails does not shut the others out.
    @Test func a500CountsTowardsTheShareAlone() {
        let breaker = breaker()
        for _ in 0..<19 { call(breaker, .doubtful) }
        #expect(state(breaker) == .closed)
        call(breaker, .doubtful)
        #expect(state(breaker) == .open)
    }

    @Test func clientsThatLeaveCountForNothing() {
        let breaker = breaker()
        for _ in 0..<4 { call(breaker, .failure) }
        for _ in 0..<100 { call(breaker, .none) }
        #expect(state(breaker) == .closed)
        call(breaker, .failure)
        #expect(state(breaker) == .open)
    }

    @Test func oneCallTriesAndItsSuccessCloses() throws {
        let changes = Observed<[Breaker.State]>([])
        let breaker = breaker(changes)
        for _ in 0..<5 { call(breaker, .failure) }
        clock.advance(10)
        let probe = try breaker.admit(at: clock.monotonic)
        #expect(probe == .probe)
        #expect(state(breaker) == .halfOpen)
        let refusal = #expect(throws: GateError.self) { try breaker.admit(at: clock.monotonic) }
        #expect(refusal?.retry == .after(seconds: 1))
        breaker.ended(.success, probe, at: clock.monotonic)
        #expect(state(breaker) == .closed)
        #expect(changes.value == [.open, .halfOpen, .closed])
        // Nothing of before is remembered.
        for _ in 0..<4 { call(breaker, .failure) }
        #expect(state(breaker) == .closed)
    }

    @Test(arguments: [Breaker.Verdict.failure, .doubtful]) func aProbeThatFailsOpensAgain(_ verdict: Breaker.Verdict) {
        let breaker = breaker()
        for _ in 0..<5 { call(breaker, .failure) }
        clock.advance(10)
        #expect(call(breaker, verdict) == .probe)
        #expect(state(breaker) == .open)
        clock.advance(9)
        #expect(call(breaker, .success) == nil)
        clock.advance(1)
        #expect(call(breaker, .success) == .probe)
        #expect(state(breaker) == .closed)
    }

    @Test func aProbeWhoseClientLeftMakesRoomForAnother() {
        let breaker = breaker()
        for _ in 0..<5 { call(breaker, .failure) }
        clock.advance(10)
        #expect(call(breaker, .none) == .probe)
        #expect(state(breaker) == .halfOpen)
        #expect(call(breaker, .success) == .probe)
        #expect(state(breaker) == .closed)
    }

    @Test func aProbeThatTakesForEverMakesRoomToo() throws {
        let breaker = breaker()
        for _ in 0..<5 { call(breaker, .failure) }
        clock.advance(10)
        let slow = try breaker.admit(at: clock.monotonic)
        #expect(call(breaker, .success) == nil)
        clock.advance(10)
        #expect(call(breaker, .success) == .probe)
        #expect(state(breaker) == .closed)
        // What the slow one says now is a call's word like any other's.
        breaker.ended(.failure, slow, at: clock.monotonic)
        #expect(state(breaker) == .closed)
    }

    @Test func asManyProbesAsConfiguredMustSucceed() throws {
        let breaker = breaker { $0.probes = 3 }
        for _ in 0..<5 { call(breaker, .failure) }
        clock.advance(10)
        let probes = try (0..<3).map { _ in try breaker.admit(at: clock.monotonic) }
        #expect(throws: GateError.self) { try breaker.admit(at: clock.monotonic) }
        for (number, probe) in probes.enumerated() {
            #expect(state(breaker) == .halfOpen, "\(number)")
            breaker.ended(.success, probe, at: clock.monotonic)
        }
        #expect(state(breaker) == .closed)
    }

    @Test func callsFromBeforeSayNothing() throws {
        let breaker = breaker()
        let before = try breaker.admit(at: clock.monotonic)
        for _ in 0..<5 { call(breaker, .failure) }
        breaker.ended(.success, before, at: clock.monotonic)
        #expect(state(breaker) == .open)
        clock.advance(10)
        let probe = try breaker.admit(at: clock.monotonic)
        breaker.ended(.failure, before, at: clock.monotonic)
        #expect(state(breaker) == .halfOpen)
        breaker.ended(.success, probe, at: clock.monotonic)
        #expect(state(breaker) == .closed)
    }

    @Test func zeroFailuresSwitchItOff() {
        let breaker = breaker { $0.failures = 0 }
        for _ in 0..<1000 { call(breaker, .failure) }
        #expect(state(breaker) == .closed)
    }

    // Workers share it.
    @Test func manyAtOnceAgree() async throws {
        let changes = Observed<[Breaker.State]>([])
        let breaker = breaker(changes) { $0.failures = 1000 }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [clock] in
                    for _ in 0..<200 {
                        guard let admission = try? breaker.admit(at: clock.monotonic) else { continue }
                        breaker.ended(.failure, admission, at: clock.monotonic)
                    }
                }
            }
        }
        #expect(changes.value == [.open])
    }
}
