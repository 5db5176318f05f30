import OstiaryCore
import Testing

@Suite struct KeyedHashTests {
    /// Numbers that are the same in each run.
    struct Series: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    static func hash(_ seed: UInt64 = 1) -> KeyedHash {
        var series = Series(state: seed)
        return KeyedHash(random: &series)
    }

    @Test func dependsOnEveryByteAndOnTheLength() {
        let hash = Self.hash()
        for length in 0..<100 {
            let bytes = [UInt8](repeating: 7, count: length)
            var seen: Set<UInt64> = [hash(bytes.span), hash((bytes + [7]).span), hash((bytes + [0]).span)]
            #expect(seen.count == 3)
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 0x10
                seen.insert(hash(changed.span))
            }
            #expect(seen.count == 3 + length)
        }
    }

    @Test func dependsOnItsKey() {
        let bytes = Array("a token".utf8)
        #expect(Self.hash(1)(bytes.span) != Self.hash(2)(bytes.span))
        #expect(KeyedHash()(bytes.span) != KeyedHash()(bytes.span))
        let one = KeyedHash()
        #expect(one(bytes.span) == one(bytes.span))
    }

    @Test func spreadsSimilarTokensEvenly() {
        let hash = Self.hash()
        var sets = [Int](repeating: 0, count: 64)
        for number in 0..<64_000 {
            let token = Array("the same beginning of some length, and then a number: \(number)".utf8)
            sets[Int(hash(token.span) & 63)] += 1
        }
        // A thousand each, give or take six standard deviations.
        #expect(sets.allSatisfy { (810...1190).contains($0) })
    }
}
