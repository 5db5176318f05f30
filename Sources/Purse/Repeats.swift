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

    /// How many places are in use.
    var count: Int { tables.reduce(0) { $0 + $1.table.withLock(\.used) } }
    /// How many failures were repeats.
    var repeats: Int64 { tables.reduce(0) { $0 + $1.table.withLock(\.repeats) } }

    private struct Table {
        var places = [Place](repeating: Place(), count: Repeats.sets * Repeats.ways)
        var used = 0
        var repeats: Int64 = 0
    }

    private final class Shard: Sendable {
        let table = Mutex(Table())
    }

    /// How many places there are.
    static let limit = shards * sets * ways

    init() {
        tables = (0..<Self.shards).map { _ in Shard() }
    }

    /// Whether the failure of this mark was counted already; one that was not is from now on.
    /// - Parameter mark: a hash that nobody outside can aim.
    func isRepeat(_ mark: UInt64, at time: MonotonicTime) -> Bool {
        let now = UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000_000)
        let (shard, start) = place(of: mark)
        return shard.table.withLock { table in
            var oldest = start
            for index in start..<start + Self.ways {
                let place = table.places[index]
                if place.seen > 0, place.mark == mark {
                    guard place.seen < Self.passing, Double(now &- place.since) < Self.longest else {
                        table.places[index] = Place(mark: mark, since: now, seen: 1)
                        return false
                    }
                    table.places[index].seen += 1
                    table.repeats += 1
                    return true
                }
                let known = table.places[oldest]
                if known.seen > 0, place.seen == 0 || place.since < known.since { oldest = index }
            }
            if table.places[oldest].seen == 0 { table.used += 1 }
            table.places[oldest] = Place(mark: mark, since: now, seen: 1)
            return false
        }
    }

    /// Has the next failure of this mark counted.
    func forget(_ mark: UInt64) {
        let (shard, start) = place(of: mark)
        shard.table.withLock { table in
            for index in start..<start + Self.ways where table.places[index].mark == mark {
                if table.places[index].seen > 0 { table.used -= 1 }
                table.places[index] = Place()
            }
        }
    }

    private func place(of mark: UInt64) -> (Shard, start: Int) {
        (tables[Int(mark >> 56) % Self.shards], Int(mark & UInt64(Self.sets - 1)) * Self.ways)
    }
}
