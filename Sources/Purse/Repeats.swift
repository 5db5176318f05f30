import OstiaryCore
import Synchronization

/// Failures that were seen before: the same credential from the same address.
///
/// A fixed table, 16,384 places of 16 bytes in sets of eight. A full set forgets what it has known for longest, and what
/// is forgotten counts anew: whoever floods the table makes failures count, never pass.
final class Repeats: Sendable {
    private struct Place {
        var mark: UInt64 = 0
        /// Whole seconds on the monotonic clock.
        var since: UInt32 = 0
        /// How often it was seen since; 0 in a free place.
        var seen: UInt8 = 0
    }

    /// How many failures pass for one.
    static let passing: UInt8 = 10
    /// Seconds after which a failure counts anew.
    static let longest = 120.0

    private static let ways = 8
    private static let sets = 256
    private static let shards = 8

    private let tables: [Shard]

    private final class Shard: Sendable {
        let places: Mutex<[Place]>

        init() {
            places = Mutex([Place](repeating: Place(), count: Repeats.sets * Repeats.ways))
        }
    }

    init() {
        tables = (0..<Self.shards).map { _ in Shard() }
    }

    /// Whether the failure of this mark was counted already; one that was not is from now on.
    /// - Parameter mark: a hash that nobody outside can aim.
    func isRepeat(_ mark: UInt64, at time: MonotonicTime) -> Bool {
        let now = UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000_000)
        let (shard, start) = place(of: mark)
        return shard.places.withLock { places in
            var oldest = start
            for index in start..<start + Self.ways {
                if places[index].seen > 0, places[index].mark == mark {
                    let age = now &- places[index].since
                    guard places[index].seen < Self.passing, Double(age) < Self.longest else {
                        places[index] = Place(mark: mark, since: now, seen: 1)
                        return false
                    }
                    places[index].seen += 1
                    return true
                }
                if places[oldest].seen > 0, places[index].seen == 0 || places[index].since < places[oldest].since {
                    oldest = index
                }
            }
            places[oldest] = Place(mark: mark, since: now, seen: 1)
            return false
        }
    }

    /// Has the next failure of this mark counted.
    func forget(_ mark: UInt64) {
        let (shard, start) = place(of: mark)
        shard.places.withLock { places in
            for index in start..<start + Self.ways where places[index].mark == mark { places[index] = Place() }
        }
    }

    private func place(of mark: UInt64) -> (Shard, start: Int) {
        (tables[Int(mark >> 56) % Self.shards], Int(mark & UInt64(Self.sets - 1)) * Self.ways)
    }
}
