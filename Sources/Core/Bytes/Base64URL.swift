/// Base64url as JOSE uses it (RFC 4648 section 5, RFC 7515 section 2): no padding, and one spelling for each value.
public enum Base64URL {
    /// The bytes that `text` spells, or `nil` for padding, white space, any other character, an impossible length, or
    /// unused bits that are not zero.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        let loose = text.count & 3
        guard loose != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var word: UInt32 = 0
        for index in text.indices {
            let value = value(of: text[index])
            guard value < 64 else { return nil }
            word = word << 6 | UInt32(value)
            if index & 3 == 3 {
                bytes.append(UInt8(truncatingIfNeeded: word >> 16))
                bytes.append(UInt8(truncatingIfNeeded: word >> 8))
                bytes.append(UInt8(truncatingIfNeeded: word))
                word = 0
            }
        }
        switch loose {
        case 2:
            guard word & 0xf == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: word >> 4))
        case 3:
            guard word & 0x3 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: word >> 10))
            bytes.append(UInt8(truncatingIfNeeded: word >> 2))
        default: break
        }
        return bytes
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
