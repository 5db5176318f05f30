extension JSONNumber {
    /// The longest spelling that is turned into a value; longer ones carry no meaning for anybody.
    private static let longest = 1024

    /// The nearest finite binary number, or `nil` where there is none (`1e400`) or the spelling has more than 1,024
    /// bytes.
    public var double: Double? {
        guard text.utf8.count <= Self.longest, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The number itself where it is whole and fits, however it is spelled (`12`, `1.2e1`); otherwise `nil`.
    public var int: Int? {
        guard text.utf8.count <= Self.longest else { return nil }
        var digits: [UInt8] = []
        var exponent = 0
        var written = 0
        var negative = false
        var negativeExponent = false
        var part = Part.whole
        for byte in text.utf8 {
            switch (part, byte) {
            case (.whole, UInt8(ascii: "-")): negative = true
            case (.exponent, UInt8(ascii: "-")): negativeExponent = true
            case (.exponent, UInt8(ascii: "+")): break
            case (.whole, UInt8(ascii: ".")): part = .fraction
            case (.whole, UInt8(ascii: "e")), (.whole, UInt8(ascii: "E")): part = .exponent
            case (.fraction, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "E")): part = .exponent
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")):
                let digit = byte - UInt8(ascii: "0")
                if part == .exponent {
                    // Beyond this bound the answer no longer depends on the value.
                    written = min(written * 10 + Int(digit), 100_000)
                } else {
                    if part == .fraction { exponent -= 1 }
                    digits.append(digit)
                }
            default: return nil
            }
        }
        guard !digits.isEmpty else { return nil }
        exponent += negativeExponent ? -written : written
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        let significant = digits.drop { $0 == 0 }
        if significant.isEmpty { return 0 }
        guard exponent >= 0, significant.count + exponent <= 19 else { return nil }
        return Self.int(digits: significant, exponent: exponent, negative: negative)
    }

    private static func int(digits: ArraySlice<UInt8>, exponent: Int, negative: Bool) -> Int? {
        var value = 0
        for digit in digits + Array(repeating: 0, count: exponent) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let step = negative ? -Int(digit) : Int(digit)
            let (sum, carry) = shifted.addingReportingOverflow(step)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    private enum Part {
        case whole, fraction, exponent
    }
}
