/// The form of `Host` and of a target's authority: `uri-host [":" port]` (RFC 9110 section 7.2), without userinfo.
enum HostField {
    static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        var index = range.lowerBound
        if bytes[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < range.upperBound, bytes[index] != UInt8(ascii: "]") {
                guard isAddressOctet(bytes[index]) else { return false }
                index += 1
            }
            guard index < range.upperBound, index > start else { return false }
            index += 1
        } else {
            while index < range.upperBound, bytes[index] != UInt8(ascii: ":") {
                guard isNameOctet(bytes[index]) else { return false }
                index += 1
            }
            guard index > range.lowerBound else { return false }
        }
        guard index < range.upperBound else { return true }
        guard bytes[index] == UInt8(ascii: ":") else { return false }
        return isPort(bytes, index + 1..<range.upperBound)
    }

    private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard (1...5).contains(range.count) else { return false }
        var port = 0
        for index in range {
            guard let digit = decimalDigit(bytes[index]) else { return false }
            port = port * 10 + digit
        }
        return port <= 65_535
    }

    private static func isNameOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isAddressOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// The value of a decimal digit.
@inline(__always)
func decimalDigit(_ octet: UInt8) -> Int? {
    octet >= UInt8(ascii: "0") && octet <= UInt8(ascii: "9") ? Int(octet &- UInt8(ascii: "0")) : nil
}
