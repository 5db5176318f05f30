import OstiaryCore

extension Form where Value == Int {
    /// Digits, with `_` between them if wanted.
    static func whole(_ range: ClosedRange<Int>) -> Form {
        Form(
            noun: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            schema: [
                .init("type", "integer"), .init("minimum", range.lowerBound), .init("maximum", range.upperBound),
            ],
            parse: { written throws(Complaint) in
                guard let number = Quantity.digits(written.text), range.contains(number) else { throw Complaint() }
                if written.isQuoted { throw Complaint(hint: "remove the quotes") }
                return number
            },
            show: { String($0) }
        )
    }

    /// Bytes, bare or with a unit of powers of 1024.
    static func size(_ range: ClosedRange<Int>) -> Form {
        Form(
            noun: "a size from \(Quantity.size(range.lowerBound)) to \(Quantity.size(range.upperBound))",
            schema: [
                .init("type", .array([.string("integer"), .string("string")])),
                .init("pattern", "^[0-9]+(B|KiB|MiB|GiB)?$"),
                .init("minimum", range.lowerBound), .init("maximum", range.upperBound),
            ],
            parse: { written throws(Complaint) in
                guard let bytes = Quantity.bytes(written.text) else {
                    throw Complaint(hint: "write bytes, or a number with KiB, MiB or GiB")
                }
                guard range.contains(bytes) else { throw Complaint() }
                return bytes
            },
            show: { Quantity.size($0) }
        )
    }
}

extension Form where Value == Double {
    /// Seconds, bare or with a unit.
    static func duration(_ range: ClosedRange<Double>) -> Form {
        Form(
            noun: "a duration from \(Quantity.duration(range.lowerBound)) to \(Quantity.duration(range.upperBound))",
            schema: [
                .init("type", .array([.string("number"), .string("string")])),
                .init("pattern", "^[0-9]+(\\.[0-9]{1,3})?(ms|s|m|h)?$"),
                .init("minimum", Int(range.lowerBound)), .init("maximum", Int(range.upperBound)),
            ],
            parse: { written throws(Complaint) in
                guard let seconds = Quantity.seconds(written.text) else {
                    throw Complaint(hint: "write seconds, or a number with ms, s, m or h")
                }
                guard range.contains(seconds) else { throw Complaint() }
                return seconds
            },
            show: { Quantity.duration($0) }
        )
    }
}

/// Numbers with units, read and written.
enum Quantity {
    private static let sizes: [(unit: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]
    private static let times: [(unit: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]

    /// A whole number without sign; `nil` for anything else or more than an `Int` holds.
    static func digits(_ text: some StringProtocol) -> Int? {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first != UInt8(ascii: "_"), bytes.last != UInt8(ascii: "_") else { return nil }
        let digits = bytes.filter { $0 != UInt8(ascii: "_") }
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    static func bytes(_ text: String) -> Int? {
        for (unit, bytes) in sizes where text.utf8.reversed().starts(with: unit.utf8.reversed()) {
            guard let count = digits(text.dropLast(unit.count).trimmed) else { return nil }
            let product = count.multipliedReportingOverflow(by: bytes)
            return product.overflow ? nil : product.partialValue
        }
        return digits(text)
    }

    static func seconds(_ text: String) -> Double? {
        for (unit, seconds) in times where text.utf8.reversed().starts(with: unit.utf8.reversed()) {
            return decimal(text.dropLast(unit.count).trimmed).map { $0 * seconds }
        }
        return decimal(text[...])
    }

    /// Digits with at most three behind a point.
    private static func decimal(_ text: Substring) -> Double? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, digits(first) != nil, first.utf8.count <= 12 else { return nil }
        if parts.count == 2, digits(parts[1]) == nil || parts[1].utf8.count > 3 { return nil }
        return Double(String(text.filter { $0 != "_" }))
    }

    static func size(_ bytes: Int) -> String {
        for (unit, size) in sizes where size > 1 && bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return String(bytes)
    }

    static func duration(_ seconds: Double) -> String {
        if seconds >= 3600, seconds.truncatingRemainder(dividingBy: 3600) == 0 { return "\(Int(seconds / 3600))h" }
        if seconds >= 60, seconds.truncatingRemainder(dividingBy: 60) == 0 { return "\(Int(seconds / 60))m" }
        if seconds > 0, seconds < 1 { return "\(Int((seconds * 1000).rounded()))ms" }
        return seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }
}

extension Substring {
    var trimmed: Substring {
        var text = self
        while text.utf8.last == UInt8(ascii: " ") { text.removeLast() }
        while text.utf8.first == UInt8(ascii: " ") { text.removeFirst() }
        return text
    }
}

extension JSONObject.Member {
    init(_ name: String, _ text: String) {
        self.init(name: name, value: .string(text))
    }

    init(_ name: String, _ number: Int) {
        self.init(name: name, value: .number(JSONNumber(text: String(number))))
    }

    init(_ name: String, _ value: JSONValue) {
        self.init(name: name, value: value)
    }
}

extension Configuration {
    /// Reads a duration as the file spells one: seconds, or a number with `ms`, `s`, `m` or `h`.
    public static func seconds(_ text: String) -> Double? {
        Quantity.seconds(text)
    }
}
