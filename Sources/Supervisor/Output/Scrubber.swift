import OstiaryCore
import Synchronization

/// Takes known secrets out of what a child says.
final class Scrubber: Sendable {
    static let mark = Array("‹secret›".utf8)

    /// Of children that were lent secrets again and again; the oldest are forgotten first.
    private static let most = 64

    private let holders = Mutex<[SecretHolder]>([])

    init(_ secrets: [ChildSecret]) {
        add(secrets)
    }

    func add(_ secrets: [ChildSecret]) {
        holders.withLock { holders in
            holders += secrets.map(\.holder)
            holders.removeFirst(max(0, holders.count - Self.most))
        }
    }

    /// The length of the longest secret.
    var longest: Int {
        holders.withLock { $0.reduce(0) { longest, holder in Loan.withBytes(of: holder) { max(longest, $0.count) } } }
    }

    /// `bytes` with each secret replaced, and how many were.
    func scrub(_ bytes: [UInt8]) -> (bytes: [UInt8], count: Int) {
        let holders = holders.withLock { $0 }
        var bytes = bytes
        var count = 0
        for holder in holders {
            Loan.withBytes(of: holder) { secret in
                guard let places = Self.places(of: secret, in: bytes) else { return }
                count += places.count
                var rest: [UInt8] = []
                var begin = 0
                for place in places {
                    rest += bytes[begin..<place]
                    rest += Self.mark
                    begin = place + secret.count
                }
                bytes = rest + bytes[begin...]
            }
        }
        return (bytes, count)
    }

    private static func places(of secret: Span<UInt8>, in bytes: [UInt8]) -> [Int]? {
        guard !secret.isEmpty, secret.count <= bytes.count else { return nil }
        var places: [Int] = []
        var place = 0
        while place + secret.count <= bytes.count {
            var index = 0
            while index < secret.count, bytes[place + index] == secret[index] { index += 1 }
            if index == secret.count {
                places.append(place)
                place += secret.count
            } else {
                place += 1
            }
        }
        return places.isEmpty ? nil : places
    }
}
