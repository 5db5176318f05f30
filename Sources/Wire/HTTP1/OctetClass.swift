/// A set of octets as a table: the character classes of RFC 9110 section 5.6.
///
/// Only constants are made of it, so their tables live as long as the process: a look-up is one load.
struct OctetClass: Sendable {
    // 256 cells, written in the initialiser and never again.
    private nonisolated(unsafe) let table: UnsafePointer<Bool>

    /// For constants: what is made is never freed.
    init(_ isMember: (UInt8) -> Bool) {
        let cells = UnsafeMutablePointer<Bool>.allocate(capacity: 256)
        for octet in UInt8.min...UInt8.max { cells[Int(octet)] = isMember(octet) }
        table = UnsafePointer(cells)
    }

    @inline(__always)
    func contains(_ octet: UInt8) -> Bool { table[Int(octet)] }

    /// `tchar`: what field names and methods are made of (RFC 9110 section 5.6.2).
    static let token = OctetClass { octet in
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
        }
    }

    /// What a field value may hold (RFC 9110 section 5.5): visible characters, space, tab and obs-text; no controls.
    static let fieldValue = OctetClass { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }

    /// The index of the first octet from `start` on that a field value cannot have, or `end`. Eight at a time: tokens
    /// make values long.
    static func endOfFieldValue(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = bytes.bytes
        var index = start
        while index < end {
            while index + 8 <= end {
                let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
                // Bit 7 of an octet below 0x20 or equal to 0x7f; only the lowest hit is exact.
                let control = (word &- ones &* 0x20) & ~word & highs
                let delete = word ^ ones &* 0x7f
                let hit = control | ((delete &- ones) & ~delete & highs)
                guard hit == 0 else {
                    index += hit.trailingZeroBitCount >> 3
                    break
                }
                index += 8
            }
            guard index < end, fieldValue.contains(bytes[index]) else { return index }
            index += 1
        }
        return end
    }

    /// What a request target may hold here: the characters of a URI (RFC 3986) without `#` and `\`.
    static let target = OctetClass { octet in
        octet > 0x20 && octet < 0x7f && !"#\\\"<>^`{|}".utf8.contains(octet)
    }
}
