import OstiaryCore

/// The bytes of a line in the making. Everything that is not the gate's own text goes through an escape, so no value
/// can end a line, leave its quotes, add a member or reach a terminal as a command (SEC-601).
struct LineBytes: ~Copyable {
    /// How much of a value a line shows.
    static let valueLimit = 256

    private var out: ByteWriter

    init(capacity: Int = 512) {
        out = ByteWriter(capacity: capacity)
    }

    var bytes: [UInt8] { out.bytes }
    var count: Int { out.count }

    mutating func removeAll() { out.removeAll() }
    mutating func truncate(to count: Int) { out.truncate(to: count) }

    /// The gate's own text, as it is.
    @inline(__always)
    mutating func raw(_ text: StaticString) { out.writeStaticString(text) }

    @inline(__always)
    mutating func raw(_ byte: UInt8) { out.writeByte(byte) }

    /// Whole lines, as they are.
    mutating func raw(_ lines: [UInt8]) { out.writeBytes(lines) }

    /// A value in quotes, readable as a JSON string. All but printable ASCII is written as `\uXXXX`: that takes line
    /// ends, ESC, C1, U+2028 and direction marks alike, without a list that could miss one.
    mutating func quoted(_ text: String) {
        out.writeByte(UInt8(ascii: "\""))
        escaped(text)
        out.writeByte(UInt8(ascii: "\""))
    }

    /// A value as it is where it is one plain word, and in quotes otherwise.
    mutating func word(_ text: String) {
        var text = text
        let isWritten = text.withUTF8 { bytes in
            guard !bytes.isEmpty, bytes.count <= Self.valueLimit, bytes.allSatisfy(Self.isPlain) else { return false }
            out.write(bytes)
            return true
        }
        if !isWritten { quoted(text) }
    }

    mutating func integer(_ value: Int) {
        out.writeDecimal(value)
    }

    /// Seconds written as milliseconds with three decimals. What is no duration (negative, not finite) is written as 0.
    mutating func milliseconds(_ seconds: Double) {
        let micros = Self.whole(seconds * 1e6)
        digits(micros / 1_000, count: 1)
        out.writeByte(UInt8(ascii: "."))
        digits(micros % 1_000, count: 3)
    }

    /// RFC 3339 in UTC with milliseconds. Times outside the years 1970 to 9999 are written as the nearest of them.
    mutating func time(_ time: UnixTime) {
        let millis = min(Self.whole(time.seconds * 1e3), 253_402_300_799_999)
        let date = CivilDate(daysSince1970: Int(millis / 86_400_000))
        let rest = millis % 86_400_000
        digits(UInt(date.year), count: 4)
        out.writeByte(UInt8(ascii: "-"))
        digits(UInt(date.month), count: 2)
        out.writeByte(UInt8(ascii: "-"))
        digits(UInt(date.day), count: 2)
        out.writeByte(UInt8(ascii: "T"))
        digits(rest / 3_600_000, count: 2)
        out.writeByte(UInt8(ascii: ":"))
        digits(rest / 60_000 % 60, count: 2)
        out.writeByte(UInt8(ascii: ":"))
        digits(rest / 1_000 % 60, count: 2)
        out.writeByte(UInt8(ascii: "."))
        digits(rest % 1_000, count: 3)
        out.writeByte(UInt8(ascii: "Z"))
    }

    mutating func requestID(_ id: RequestID) {
        id.withBytes { out.writeSpan($0) }
    }

    /// The first eight digits, as `Pseudonym.description` has them.
    mutating func pseudonym(_ name: Pseudonym) {
        var left = 8
        Hex.forEachDigit(of: name.high) { digit in
            if left > 0 { out.writeByte(digit) }
            left -= 1
        }
    }

    private mutating func escaped(_ text: String) {
        var written = 0
        for unit in text.utf16 {
            guard written < Self.valueLimit else {
                raw("...")
                return
            }
            written += 1
            switch unit {
            case 0x22, 0x5c:
                out.writeByte(UInt8(ascii: "\\"))
                out.writeByte(UInt8(truncatingIfNeeded: unit))
            case 0x20...0x7e: out.writeByte(UInt8(truncatingIfNeeded: unit))
            default:
                raw("\\u")
                for shift: UInt16 in [12, 8, 4, 0] {
                    out.writeByte(Hex.digit(UInt8(truncatingIfNeeded: (unit >> shift) & 0xf)))
                }
            }
        }
    }

    private mutating func digits(_ value: UInt, count: Int) {
        out.writeDecimal(unsigned: value, width: count)
    }

    private static func whole(_ value: Double) -> UInt {
        // Far below the type's bound, where the conversion would trap; NaN fails the comparison.
        value > 0 ? UInt(min(value, 1e18)) : 0
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte < 0x80 && (byte < 0x40 ? plain.low : plain.high) >> UInt64(byte & 0x3f) & 1 == 1
    }

    /// One bit for each octet that may stand in a word as it is: letters, digits and `-_./:*@+`.
    private static let plain: (low: UInt64, high: UInt64) = {
        var bits: (low: UInt64, high: UInt64) = (0, 0)
        let marks = Array("-_./:*@+".utf8)
        for byte in UInt8.min..<0x80 {
            let isAlphanumeric =
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            guard isAlphanumeric || marks.contains(byte) else { continue }
            let bit = UInt64(1) << UInt64(byte & 0x3f)
            if byte < 0x40 { bits.low |= bit } else { bits.high |= bit }
        }
        return bits
    }()
}
