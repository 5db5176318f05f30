import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryModels

// SEC-701
@Suite struct HeldBodiesTests {
    @Test func sharesGrowUpToTheBoundTogether() throws {
        let bodies = HeldBodies(limit: 100)
        let one = HeldBodies.Share(of: bodies)
        let two = HeldBodies.Share(of: bodies)
        try one.grow(to: 60)
        try two.grow(to: 40)
        #expect(bodies.current == 100)
        let refusal = #expect(throws: GateError.self) { try two.grow(to: 41) }
        #expect(refusal?.code == .overloaded)
        #expect(refusal.map { "\($0.cause)" } == "held_bodies_full")
        #expect(bodies.current == 100)
        #expect(bodies.instruments.value("gw_held_body_bytes") == 100)
        #expect(bodies.instruments.value("gw_held_body_bytes_limit") == 100)
        #expect(bodies.instruments.value("gw_held_bodies_refused_total") == 1)
        withExtendedLifetime((one, two)) {}
    }

    @Test func aShareCountsItsLargestSizeOnce() throws {
        let bodies = HeldBodies(limit: 100)
        let share = HeldBodies.Share(of: bodies)
        for size in [10, 50, 50, 20, 0] { try share.grow(to: size) }
        #expect(bodies.current == 50)
        withExtendedLifetime(share) {}
    }

    @Test func aShareThatGoesIsGivenBack() throws {
        let bodies = HeldBodies(limit: 100)
        do {
            let share = HeldBodies.Share(of: bodies)
            try share.grow(to: 100)
            #expect(throws: GateError.self) { try HeldBodies.Share(of: bodies).grow(to: 1) }
            #expect(bodies.current == 100)
            withExtendedLifetime(share) {}
        }
        #expect(bodies.current == 0)
        try HeldBodies.Share(of: bodies).grow(to: 100)
        #expect(bodies.current == 0)
    }

    @Test func manyAtOnceNeverPassTheBound() async {
        let bodies = HeldBodies(limit: 1000)
        let shares = (0..<50).map { _ in HeldBodies.Share(of: bodies) }
        let granted = await withTaskGroup(of: Int.self) { group in
            for share in shares {
                group.addTask {
                    var size = 0
                    for more in stride(from: 10, through: 100, by: 10) {
                        if (try? share.grow(to: more)) != nil { size = more }
                    }
                    return size
                }
            }
            return await group.reduce(0, +)
        }
        #expect(granted == bodies.current)
        #expect(bodies.current <= 1000)
        withExtendedLifetime(shares) {}
    }
}
