import OstiaryCore

/// A 64th of the buckets: an open-addressed table from pseudonym to bucket, together with what happened there.
///
/// Pseudonyms are keyed hashes, so their bits are the hash and nobody outside can aim at a slot. Entries leave only in a
/// sweep, which rebuilds the table; there are no tombstones. At most three quarters of the slots are used.
struct BucketShard: ~Copyable, Sendable {
    private struct Slot {
        var high: UInt64
        var low: UInt64
        var bucket: Bucket
        var used: Bool
    }

    /// The bound of one shard; 64 of them hold 98,304.
    static let limit = 1_536
    private static let firstSize = 16
    /// How long a shard that found nothing to sweep waits before it looks again.
    private static let sweepPause = 1.0

    private var slots: [Slot] = []
    private(set) var count = 0
    private var noSweepBefore: MonotonicTime?

    var allowed: Int64 = 0
    var refusedByRate: Int64 = 0
    var refusedByConcurrency: Int64 = 0
    var inFlight: Int64 = 0

    /// The slot of `key`; made with a full bucket if it is new, and `nil` when there is no room for it.
    mutating func place(of key: Pseudonym, rate: Rate?, at time: MonotonicTime) -> Int? {
        if let found = find(key) { return found }
        if count >= Self.limit { sweep(rate, at: time) }
        guard count < Self.limit else { return nil }
        if (count + 1) * 4 > slots.count * 3 {
            let size = max(Self.firstSize, slots.count * 2)
            rebuild(size: size) { _ in true }
        }
        count += 1
        return insert(Slot(high: key.high, low: key.low, bucket: Bucket(rate: rate, at: time), used: true))
    }

    /// The slot of `key`, or `nil` when it has none.
    func find(_ key: Pseudonym) -> Int? {
        guard !slots.isEmpty else { return nil }
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: key.high) & mask
        while slots[index].used {
            if slots[index].high == key.high && slots[index].low == key.low { return index }
            index = (index &+ 1) & mask
        }
        return nil
    }

    subscript(index: Int) -> Bucket {
        get { slots[index].bucket }
        _modify { yield &slots[index].bucket }
    }

    /// Takes every bucket over to another rate.
    mutating func change(from old: Rate?, to new: Rate?, at time: MonotonicTime) {
        for index in slots.indices where slots[index].used {
            slots[index].bucket.change(from: old, to: new, at: time)
        }
        noSweepBefore = nil
    }

    /// Drops what a newcomer would get anyway: full buckets without a request in flight.
    private mutating func sweep(_ rate: Rate?, at time: MonotonicTime) {
        if let noSweepBefore, time < noSweepBefore { return }
        let before = count
        rebuild(size: slots.count) { bucket in
            guard let rate else { return bucket.inFlight > 0 }
            bucket.refill(rate, at: time)
            return bucket.inFlight > 0 || !bucket.isFull(rate)
        }
        // Otherwise each newcomer to a table of busy callers would walk all of it.
        noSweepBefore = before - count < Self.limit / 16 ? time.advanced(bySeconds: Self.sweepPause) : nil
    }

    private mutating func rebuild(size: Int, keeping keep: (inout Bucket) -> Bool) {
        let empty = Slot(high: 0, low: 0, bucket: Bucket(rate: nil, at: MonotonicTime(nanoseconds: 0)), used: false)
        var old = slots
        slots = Array(repeating: empty, count: size)
        count = 0
        for index in old.indices where old[index].used && keep(&old[index].bucket) {
            _ = insert(old[index])
            count += 1
        }
    }

    private mutating func insert(_ slot: Slot) -> Int {
        let mask = slots.count &- 1
        var index = Int(truncatingIfNeeded: slot.high) & mask
        while slots[index].used { index = (index &+ 1) & mask }
        slots[index] = slot
        return index
    }
}
