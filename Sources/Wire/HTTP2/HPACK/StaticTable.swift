/// HPACK's static table (RFC 7541 appendix A).
struct StaticTable: Sendable {
    struct Entry: Sendable {
        let name: Range<Int>
        let value: Range<Int>
        let verdict: FieldVerdict
    }

    static let shared = StaticTable()
    static let count = 61

    private static let fields: [(name: String, value: String)] = [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
        (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
        (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
        ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
        ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
        ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
        ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
        ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ]

    /// All names and values, one behind the other.
    let bytes: [UInt8]
    private let entries: [Entry]
    // Open addressing by the name's hash; 0 is a free slot, other numbers are indices of the table.
    private let slots: [UInt8]
    private static let slotCount = 256

    private init() {
        var bytes: [UInt8] = []
        var places: [(name: Range<Int>, value: Range<Int>)] = []
        for field in Self.fields {
            let start = bytes.count
            bytes += Array(field.name.utf8)
            let middle = bytes.count
            bytes += Array(field.value.utf8)
            places.append((start..<middle, middle..<bytes.count))
        }
        var slots = [UInt8](repeating: 0, count: Self.slotCount)
        for (place, field) in Self.fields.enumerated() {
            // Several entries of one name: the first stands for the name.
            guard place == 0 || Self.fields[place - 1].name != field.name else { continue }
            var slot = Int(Self.hash(field.name.utf8)) & (Self.slotCount - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
            slots[slot] = UInt8(place + 1)
        }
        let span = bytes.span
        entries = places.map {
            Entry(name: $0.name, value: $0.value, verdict: FieldVerdict(span, name: $0.name, value: $0.value))
        }
        self.bytes = bytes
        self.slots = slots
    }

    /// The entry with this index, which counts from 1; `nil` beyond the table.
    func entry(_ index: Int) -> Entry? {
        index >= 1 && index <= Self.count ? entries[index - 1] : nil
    }

    /// The index of the first entry with this lower-case name; 0 when there is none.
    func index(ofName name: Span<UInt8>) -> Int {
        var hash: UInt32 = 0
        for index in name.indices { hash = Self.mix(hash, name[index]) }
        var slot = Int(hash) & (Self.slotCount - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot])
            let range = entries[index - 1].name
            if range.count == name.count, matches(range.lowerBound, name) { return index }
            slot = (slot + 1) & (Self.slotCount - 1)
        }
        return 0
    }

    private func matches(_ start: Int, _ name: Span<UInt8>) -> Bool {
        for index in name.indices where bytes[start + index] != name[index] { return false }
        return true
    }

    @inline(__always)
    private static func mix(_ hash: UInt32, _ octet: UInt8) -> UInt32 {
        (hash &+ UInt32(octet)) &* 0x9e37_79b1 ^ (hash >> 15)
    }

    private static func hash(_ name: some Sequence<UInt8>) -> UInt32 {
        name.reduce(0) { mix($0, $1) }
    }
}
