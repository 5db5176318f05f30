import Testing

@testable import OstiaryIdentity

@Suite struct LimbsTests {
    @Test func carriesThroughAllWords() {
        #expect(Limbs.largest.adding(.one) == (.zero, 1))
        #expect(Limbs.zero.subtracting(.one) == (.largest, 1))
        #expect(Limbs.largest.adding(.largest) == (Limbs.largest.minus(1), 1))
        #expect(Limbs(w0: .max, w1: .max, w2: 0, w3: 0).plus(1) == .power(128))
        #expect(Limbs.power(192).minus(1) == Limbs(w0: .max, w1: .max, w2: .max, w3: 0))
    }

    @Test func whatWasAddedCanBeTakenAway() {
        for left in Limbs.edges {
            for right in Limbs.edges {
                let (sum, carry) = left.adding(right)
                let (difference, borrow) = sum.subtracting(right)
                #expect(difference == left)
                #expect(borrow == carry)
                #expect((left < right) == (left.subtracting(right).borrow == 1))
                #expect(!(left < right && right < left))
            }
        }
    }

    @Test func readsAndWritesBigEndianBytes() throws {
        let bytes = (0..<40).map { UInt8($0) }
        let limbs = try #require(Limbs(bytes: bytes, at: 4))
        #expect(limbs.w3 == 0x0405_0607_0809_0a0b)
        #expect(limbs.w0 == 0x1c1d_1e1f_2021_2223)
        #expect(limbs.bigEndian == Array(bytes[4..<36]))
        #expect(Limbs(bytes: bytes, at: 8) != nil)
        for offset in [9, 40, 41, -1, Int.max, Int.min] {
            #expect(Limbs(bytes: bytes, at: offset) == nil)
        }
        for edge in Limbs.edges { #expect(Limbs(bytes: edge.bigEndian) == edge) }
    }

    @Test func halvesAndShifts() {
        #expect(Limbs.power(64).halved() == .power(63))
        #expect(Limbs.largest.halved(1) == .largest)
        #expect(Limbs.power(200).shifted(by: 7) == .power(193))
        #expect(Limbs.largest.shifted(by: 7) == Limbs.power(249).minus(1))
        #expect(Limbs(127).shifted(by: 7) == .zero)
    }
}
