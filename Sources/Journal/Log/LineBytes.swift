import OstiaryCore

/// The bytes of a line in the making. Everything that is not the gate's own text goes through an escape, so no value
/// can end a line, leave its quotes, add a member or reach a terminal as a command (SEC-601).
struct LineBytes {
    /// How much of a value a line shows.
    static let valueLimit = 256

    private(set) var bytes: [UInt8]

    init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// The gate's own text, as it is.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func raw(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// A value in quotes, readable as a JSON string. All but printable ASCII is written as `\uXXXX`: that takes line
    /// ends, ESC, C1, U+2028 and direction marks alike, without a list that could miss one.
    mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        escaped(text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A value as it is where it is one plain word, and in quotes otherwise.
    mutating func word(_ text: String) {
        let plain = !text.isEmpty && text.utf8.count <= Self.valueLimit && text.utf8.allSatisfy(Self.isPlain)
        if plain { bytes.append(contentsOf: text.utf8) } else { quoted(text) }
    }

    mutating func integer(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        unsigned(value.magnitude)
    }

    /// Seconds written as milliseconds with three decimals. What is no duration (negative, not finite) is written as 0.
    mutating func milliseconds(_ seconds: Double) {
        let micros = Self.whole(seconds * 1e6)
        unsigned(micros / 1_000)
        bytes.append(UInt8(ascii: "."))
        digits(micros % 1_000, count: 3)
    }

    /// RFC 3339 in UTC with milliseconds. Times outside the years 1970 to 9999 are written as the nearest of them.
    mutating func time(_ time: UnixTime) {
        let millis = min(Self.whole(time.seconds * 1e3), 253_402_300_799_999)
        let date = CivilDate(daysSince1970: Int(millis / 86_400_000))
        let rest = millis % 86_400_000
        digits(UInt(date.year), count: 4)
        bytes.append(UInt8(ascii: "-"))
        digits(UInt(date.month), count: 2)
        bytes.append(UInt8(ascii: "-"))
        digits(UInt(date.day), count: 2)
        bytes.append(UInt8(ascii: "T"))
        digits(rest / 3_600_000, count: 2)
        bytes.append(UInt8(ascii: ":"))
        digits(rest / 60_000 % 60, count: 2)
        bytes.append(UInt8(ascii: ":"))
        digits(rest / 1_000 % 60, count: 2)
        bytes.append(UInt8(ascii: "."))
        digits(rest % 1_000, count: 3)
        bytes.append(UInt8(ascii: "Z"))
    }

    mutating func requestID(_ id: RequestID) {
        id.withBytes { id in id.withUnsafeBufferPointer { bytes.append(contentsOf: $0) } }
    }

    /// The first eight digits, as `Pseudonym.description` has them.
    mutating func pseudonym(_ name: Pseudonym) {
        var left = 8
        Hex.forEachDigit(of: name.high) { digit in
            if left > 0 { bytes.append(digit) }
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
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(truncatingIfNeeded: unit))
            case 0x20...0x7e: bytes.append(UInt8(truncatingIfNeeded: unit))
            default:
                raw("\\u")
                for shift: UInt16 in [12, 8, 4, 0] {
                    bytes.append(Hex.digit(UInt8(truncatingIfNeeded: (unit >> shift) & 0xf)))
                }
            }
        }
    }

    private mutating func unsigned(_ value: UInt) {
        var count = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        digits(value, count: count)
    }

    private mutating func digits(_ value: UInt, count: Int) {
        let start = bytes.count
        for _ in 0..<count { bytes.append(UInt8(ascii: "0")) }
        var rest = value
        var index = start + count
        while index > start {
            index -= 1
            bytes[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private static func whole(_ value: Double) -> UInt {
        // Far below the type's bound, where the conversion would trap; NaN fails the comparison.
        value > 0 ? UInt(min(value, 1e18)) : 0
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "*"), UInt8(ascii: "@"), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}
