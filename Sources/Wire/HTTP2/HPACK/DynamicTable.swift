import NIOCore

/// HPACK's dynamic table of one direction (RFC 7541 section 2.3.2): the fields that the peer announced, newest first.
///
/// The peer decides what is in it, but never more than its bound; its memory is taken with the first field.
struct DynamicTable {
    struct Entry {
        // Counts from the first byte that was ever stored.
        fileprivate let offset: Int
        let nameLength: Int
        let valueLength: Int
        let verdict: FieldVerdict

        /// What a field counts for (RFC 7541 section 4.1).
        fileprivate var size: Int { nameLength + valueLength + 32 }
    }

    /// The most that the peer may ask for: the default of SETTINGS_HEADER_TABLE_SIZE.
    static let bound = 4096

    /// The most it may hold now.
    private(set) var capacity = bound
    private(set) var size = 0
    private var entries = CircularBuffer<Entry>()
    private var storage: [UInt8] = []
    // The number of the byte that stands first in `storage`.
    private var base = 0

    var count: Int { entries.count }

    /// Changes the bound. False when it is beyond what was offered.
    mutating func resize(to capacity: Int) -> Bool {
        guard capacity <= Self.bound else { return false }
        self.capacity = capacity
        evict(until: capacity)
        return true
    }

    /// The entry with this index, which counts from 0 for the newest.
    func entry(_ index: Int) -> Entry? {
        guard index >= 0, index < entries.count else { return nil }
        return entries[entries.index(entries.startIndex, offsetBy: entries.count - 1 - index)]
    }

    /// Appends the entry's name, and its value where it is wanted, to `bytes`.
    func copy(_ entry: Entry, withValue: Bool, to bytes: inout ByteBuffer) {
        let start = entry.offset - base
        let end = start + entry.nameLength + (withValue ? entry.valueLength : 0)
        guard start >= 0, end <= storage.count else { return }
        bytes.writeSpan(storage.span.extracting(start..<end))
    }

    /// Adds a field as the newest; one that is larger than the table empties it (RFC 7541 section 4.4).
    mutating func insert(_ bytes: Span<UInt8>, name: Range<Int>, value: Range<Int>, _ verdict: FieldVerdict) {
        let needed = name.count + value.count + 32
        guard needed <= capacity else { return evict(until: 0) }
        evict(until: capacity - needed)
        if storage.count + name.count + value.count > Self.bound * 2 { compact() }
        if storage.isEmpty { storage.reserveCapacity(Self.bound * 2) }
        let entry = Entry(
            offset: base + storage.count,
            nameLength: name.count,
            valueLength: value.count,
            verdict: verdict
        )
        bytes.extracting(name).withUnsafeBufferPointer { storage.append(contentsOf: $0) }
        bytes.extracting(value).withUnsafeBufferPointer { storage.append(contentsOf: $0) }
        entries.append(entry)
        size += entry.size
    }

    private mutating func evict(until bound: Int) {
        while size > bound, let oldest = entries.popFirst() { size -= oldest.size }
        if entries.isEmpty {
            base += storage.count
            storage.removeAll(keepingCapacity: true)
        }
    }

    /// Moves what is still in use to the front of the storage.
    private mutating func compact() {
        let dead = min(storage.count, (entries.first?.offset ?? base + storage.count) - base)
        storage.removeFirst(dead)
        base += dead
    }
}
