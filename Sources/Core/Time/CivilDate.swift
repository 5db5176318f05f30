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
        let total = Int(exactly: seconds.rounded(.down)).map { min(max(0, $0), 253_402_300_799) } ?? 0
        let date = CivilDate(daysSince1970: total / 86_400)
        let time = total % 86_400
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date)T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
    }
}
