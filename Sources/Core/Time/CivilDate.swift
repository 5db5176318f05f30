/// A day of the Gregorian calendar. Foundation has calendars too, and costs more than the rest of the line.
public struct CivilDate: Hashable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// - Parameter daysSince1970: 0 for 1970-01-01; not negative, at most a few million.
    public init(daysSince1970 days: Int) {
        // Counted from 1 March of a year divisible by 400, so that the leap day is the last of its year.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// As ISO 8601 writes it: `2027-01-15`.
    public var description: String { "\(year)-\(Self.two(month))-\(Self.two(day))" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension UnixTime {
    /// As RFC 3339 has it, to the second and in UTC, like `2026-11-21T23:15:00Z`; the beginning of 1970 for what no
    /// calendar has.
    public var rfc3339: String {
        var out = ByteWriter(capacity: 64)
        out.writeRFC3339(self)
        return String(decoding: out.bytes, as: UTF8.self)
    }
}

extension ByteWriter {
    /// Writes a time as RFC 3339 has it, to the second and in UTC; the beginning of 1970 or the end of 9999 for what lies
    /// outside of them.
    public mutating func writeRFC3339(_ instant: UnixTime) {
        let total = Int(exactly: instant.seconds.rounded(.down)).map { min(max(0, $0), 253_402_300_799) } ?? 0
        let date = CivilDate(daysSince1970: total / 86_400)
        let time = UInt(total % 86_400)
        writeDecimal(unsigned: UInt(date.year), width: 4)
        writeByte(UInt8(ascii: "-"))
        writeDecimal(unsigned: UInt(date.month), width: 2)
        writeByte(UInt8(ascii: "-"))
        writeDecimal(unsigned: UInt(date.day), width: 2)
        writeByte(UInt8(ascii: "T"))
        writeDecimal(unsigned: time / 3600, width: 2)
        writeByte(UInt8(ascii: ":"))
        writeDecimal(unsigned: time / 60 % 60, width: 2)
        writeByte(UInt8(ascii: ":"))
        writeDecimal(unsigned: time % 60, width: 2)
        writeByte(UInt8(ascii: "Z"))
    }
}
