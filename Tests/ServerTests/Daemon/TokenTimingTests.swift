import Crypto
import OstiaryCore
import Testing

@testable import OstiaryServer

/// Whether the time of a comparison says where a wrong token differs. This is a question about time, so it asks the real
/// clock, which no other test does; it bounds no duration. The two kinds are measured in random order, so that whatever
/// else the machine does meets both alike, and compared by Welch's t.
@Suite struct TokenTimingTests {
    private static let samples = 20_000
    /// Beyond it two distributions of this size are told apart (TVLA).
    private static let bound = 4.5

    /// Welch's t of the times of the two kinds, without the slowest tenth, which is other people's work.
    private func difference(_ measure: (_ isFirst: Bool) -> Void) -> Double {
        var times: [[Double]] = [[], []]
        let clock = ContinuousClock()
        var generator = SystemRandomNumberGenerator()
        var order = (0..<Self.samples * 2).map { $0 % 2 == 0 }
        order.shuffle(using: &generator)
        for isFirst in order {
            let begin = clock.now
            measure(isFirst)
            let passed = clock.now - begin
            times[isFirst ? 0 : 1].append(Double(passed.components.attoseconds) / 1e9)
        }
        let bounds = (times[0] + times[1]).sorted()
        let cut = bounds[bounds.count * 9 / 10]
        let kept = times.map { $0.filter { $0 <= cut } }
        let means = kept.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
        let errors = zip(kept, means).map { times, mean in
            times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(times.count - 1, 1))
                / Double(max(times.count, 1))
        }
        return abs(means[0] - means[1]) / max((errors[0] + errors[1]).squareRoot(), .leastNonzeroMagnitude)
    }

    private let good = Array("ostd_0123456789abcdefghijklmnopqrstuvwxyzABCDEF".utf8)

    private func wrong(at index: Int) -> [UInt8] {
        var bytes = good
        bytes[index] ^= 1
        return bytes
    }

    // SEC-208
    @Test func `where a token is wrong cannot be told from the time it takes`() {
        let key = SymmetricKey(size: .bits256)
        let tokens = AdminTokens(
            (0..<3).map { number in
                let text = number == 1 ? good : Array("ostd_another\(number)".utf8)
                return AdminTokens.Token(
                    name: "\(number)",
                    scopes: [],
                    hash: AdminTokens.hash(text.span, key),
                    created: UnixTime(seconds: 0)
                )
            },
            key: key
        )
        let (first, last) = (wrong(at: 0), wrong(at: good.count - 1))
        #expect(tokens.find(good.span)?.name == "1")
        var found = 0
        // Chance goes beyond the bound once in a hundred thousand times, and not three times in a row; a comparison that
        // ends early does so every time.
        var seen: [Double] = []
        repeat {
            seen.append(difference { if tokens.find($0 ? first.span : last.span) != nil { found += 1 } })
        } while seen.count < 3 && (seen.last ?? 0) >= Self.bound
        #expect((seen.last ?? 0) < Self.bound, "t was \(seen)")
        #expect(found == 0)
    }

    @Test func `a comparison that ends early would be found out`() {
        let (first, last) = (wrong(at: 0), wrong(at: good.count - 1))
        var equal = 0
        let seen = difference { isFirst in
            let given = isFirst ? first : last
            for index in good.indices {
                guard good[index] == given[index] else { return }
                equal += 1
            }
        }
        #expect(seen > Self.bound)
        #expect(equal > 0)
    }
}
