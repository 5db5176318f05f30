import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

@Suite struct CountingTests {
    private let route = Route(
        path: "/v1/messages/count_tokens",
        methods: [.post],
        access: .known(.chat),
        api: .tokenCount
    )

    private func count(_ subject: String, _ narrowing: Narrowing? = nil) -> Permit {
        .sample(Pseudonym(issuer: "a", subject: subject, key: hashKey), narrowing: narrowing, route: route)
    }

    private func ask(_ subject: String) -> Permit { .sample(Pseudonym(issuer: "a", subject: subject, key: hashKey)) }

    @Test func `counts of a whole context at once leave the rate of requests as it was`() throws {
        let purse = Purse(limits: try Limits())
        var held: [ReservationBox] = []
        for _ in 0..<100 { held.append(ReservationBox(try purse.reserve(count("ada"), at: at(0)))) }
        #expect(purse.inFlight == 100)
        for _ in 0..<10 { #expect(purse.visit(ask("ada"), at: at(0)) == nil) }
        #expect(purse.visit(ask("ada"), at: at(0))?.code == .rateLimitExceeded)
        held.removeAll()
        #expect(purse.inFlight == 0)
    }

    @Test func `counts have a rate of their own, and say when to come again`() throws {
        let purse = Purse(limits: try Limits(countsPerMinute: 60, countBurst: 2))
        for _ in 0..<2 { #expect(purse.visit(count("ada"), at: at(0)) == nil) }
        let refused = try #require(purse.visit(count("ada"), at: at(0)))
        #expect(refused.code == .rateLimitExceeded && refused.retry == .after(seconds: 1))
        #expect(refused.standing == RateStanding(limit: 60, remaining: 0, reset: 2))
        #expect(purse.visit(count("bob"), at: at(0)) == nil)
        #expect(purse.visit(count("ada"), at: at(1)) == nil)
        let refusals = purse.instruments.filter { instrument in
            instrument.name == "gw_ratelimit_total" && instrument.labels.contains { $0.value == "refused" }
        }
        #expect(refusals.value("gw_ratelimit_total", "counts") == 1)
        #expect(refusals.value("gw_ratelimit_total", "rate") == 0)
    }

    @Test func `a credential with limits of its own counts like everybody`() throws {
        let purse = Purse(limits: try Limits())
        let narrow = Narrowing(rule: "key ci", limits: .init(requestsPerMinute: 1, burst: 1, concurrent: 1))
        for _ in 0..<25 { #expect(purse.visit(count("ci", narrow), at: at(0)) == nil) }
    }

    @Test func `a reload keeps what was counted`() throws {
        let former = Purse(limits: try Limits(countsPerMinute: 60, countBurst: 2))
        for _ in 0..<2 { #expect(former.visit(count("ada"), at: at(0)) == nil) }
        let purse = Purse(limits: try Limits(countsPerMinute: 60, countBurst: 3), keeping: former)
        purse.takeOver(at: at(0))
        #expect(purse.visit(count("ada"), at: at(0))?.code == .rateLimitExceeded)
        #expect(purse.visit(count("ada"), at: at(1)) == nil)
    }

    @Test func `a rate without a burst stops the start`() {
        #expect(throws: LimitFault.countsWithoutBurst) { try Limits(countBurst: 0) }
        #expect(throws: LimitFault.outOfRange("counts_per_minute")) { try Limits(countsPerMinute: -1) }
    }
}

/// Holds a reservation until it is let go.
private final class ReservationBox {
    private var reservation: Reservation?
    init(_ reservation: consuming Reservation) { self.reservation = consume reservation }
    deinit { if let reservation = reservation.take() { reservation.settle() } }
}
