import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryPurse

/// Keeps reservations for as long as a test wants.
private final class Holder: Sendable {
    private let held = Mutex<[Box]>([])

    private final class Box: Sendable {
        let reservation: Mutex<Reservation?>
        init(_ reservation: consuming sending Reservation) { self.reservation = Mutex(reservation) }
    }

    func reserve(_ purse: Purse, _ permit: Permit, at time: MonotonicTime) -> GateError? {
        do {
            let box = Box(try purse.reserve(permit, at: time))
            held.withLock { $0.append(box) }
            return nil
        } catch {
            return error
        }
    }

    func settleOne() {
        let box = held.withLock { $0.popLast() }
        if let reservation = box?.reservation.withLock({ $0.take() }) { reservation.settle() }
    }

    /// Drops all without settling.
    func forgetAll() { held.withLock { $0 = [] } }
}

@Test func refusesTheTwentyFirstRequestInFlight() throws {
    let purse = Purse(limits: try Limits(burst: 100))
    let holder = Holder()
    for _ in 0..<20 { #expect(holder.reserve(purse, permit(), at: at(0)) == nil) }
    let error = try #require(holder.reserve(purse, permit(), at: at(0)))
    #expect(error.code == .concurrencyLimitExceeded)
    #expect(error.status == 429)
    #expect(error.retry == .after(seconds: 1))
    // The refused call cost nothing.
    #expect(error.standing?.remaining == 80)
    #expect(holder.reserve(purse, permit("grace"), at: at(0)) == nil)
    holder.settleOne()
    holder.settleOne()
    #expect(holder.reserve(purse, permit(), at: at(0)) == nil)
}

@Test func letsExactlyAHundredOfAThousandParallelCallsThrough() async throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 60, burst: 5_000, concurrent: 100))
    let holder = Holder()
    let passed = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<1_000 { group.addTask { holder.reserve(purse, permit(), at: at(0)) == nil } }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(passed == 100)
    #expect(purse.inFlight == 100)
    #expect(purse.instruments.value("gw_ratelimit_total", "concurrency") == 900)
}

@Test func givesAForgottenReservationBackAndCountsIt() throws {
    let purse = Purse(limits: try Limits(concurrent: 1))
    let holder = Holder()
    #expect(holder.reserve(purse, permit(), at: at(0)) == nil)
    #expect(holder.reserve(purse, permit(), at: at(0)) != nil)
    holder.forgetAll()
    #expect(purse.inFlight == 0)
    #expect(purse.instruments.value("gw_reservations_forgotten_total") == 1)
    #expect(holder.reserve(purse, permit(), at: at(0)) == nil)
}

@Test func doesNotCountASettledReservationAsForgotten() throws {
    let purse = Purse(limits: try Limits())
    for _ in 0..<5 { _ = purse.visit(permit(), at: at(0)) }
    #expect(purse.instruments.value("gw_reservations_forgotten_total") == 0)
    #expect(purse.inFlight == 0)
    #expect(purse.instruments.value("gw_ratelimit_total", "allowed") == 5)
}

@Test func limitsNothingWhenBothAreOff() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 0, burst: 0, concurrent: 0))
    let holder = Holder()
    for _ in 0..<500 { #expect(holder.reserve(purse, permit(), at: at(0)) == nil) }
    #expect(purse.inFlight == 500)
}
