/// Base64url as JOSE uses it (RFC 4648 section 5, RFC 7515 section 2): no padding, and one spelling for each value.
public enum Base64URL {
    /// The bytes that `text` spells, or `nil` for padding, white space, any other character, an impossible length, or
    /// unused bits that are not zero.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        let loose = text.count & 3
        guard loose != 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + max(loose - 1, 0))
        var spelled = bytes.mutableSpan
        let table = values
        let values = table.span
        var index = 0
        var end = 0
        // All that was ever read, together: 64 or more once a character is not of the alphabet.
        var seen: UInt8 = 0
        while index &+ 4 <= text.count {
            let first = values[Int(text[index])]
            let second = values[Int(text[index &+ 1])]
            let third = values[Int(text[index &+ 2])]
            let fourth = values[Int(text[index &+ 3])]
            seen |= first | second | third | fourth
            spelled[end] = first &<< 2 | second &>> 4
            spelled[end &+ 1] = second &<< 4 | third &>> 2
            spelled[end &+ 2] = third &<< 6 | fourth
            index &+= 4
            end &+= 3
        }
        if loose > 0 {
            let first = values[Int(text[index])]
            let second = values[Int(text[index &+ 1])]
            let third = loose == 3 ? values[Int(text[index &+ 2])] : 0
            guard (loose == 3 ? third & 0x3 : second & 0xf) == 0 else { return nil }
            seen |= first | second | third
            spelled[end] = first &<< 2 | second &>> 4
            if loose == 3 { spelled[end &+ 1] = second &<< 4 | third &>> 2 }
        }
        return seen < 64 ? bytes : nil
    }

    /// The same for text.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }

    /// Appends the spelling of `bytes`.
    public static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for index in bytes.indices {
            word = word << 8 | UInt32(bytes[index])
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(digit(UInt8(truncatingIfNeeded: word >> bits & 0x3f)))
            }
        }
        if bits > 0 { text.append(digit(UInt8(truncatingIfNeeded: word << (6 - bits) & 0x3f))) }
    }

    /// The spelling of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 3 * 4 + 4)
        append(bytes.span, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The value of each character.
    private static let values = (0..<256).map { value(of: UInt8(truncatingIfNeeded: $0)) }

    /// The value of one character; 255 for one that is not of the alphabet.
    private static func value(of character: UInt8) -> UInt8 {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character &- UInt8(ascii: "a") &+ 26
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character &- UInt8(ascii: "A")
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character &- UInt8(ascii: "0") &+ 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: 255
        }
    }

    /// The character for a value below 64.
    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<26: UInt8(ascii: "A") &+ value
        case ..<52: UInt8(ascii: "a") &+ (value &- 26)
        case ..<62: UInt8(ascii: "0") &+ (value &- 52)
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
