/// A second reader of JSON, written the plain way, to compare the scanner with: recursive, over the whole document,
/// and leaving UTF-8 to the standard library. Answers whether a document is one strict object of bounded depth.
struct StrictChecker {
    private let bytes: [UInt8]
    private var index = 0

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var checker = StrictChecker(bytes: bytes)
        checker.space()
        guard checker.peek == UInt8(ascii: "{"), checker.value(depth: 0) else { return false }
        checker.space()
        return checker.index == bytes.count
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard peek == character.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func space() {
        while let byte = peek, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { index += 1 }
    }

    private mutating func value(depth: Int) -> Bool {
        switch peek {
        case UInt8(ascii: "{"): depth < 64 && list("{", "}", depth) { $0.member(depth: depth + 1) }
        case UInt8(ascii: "["): depth < 64 && list("[", "]", depth) { $0.value(depth: depth + 1) }
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): take("true")
        case UInt8(ascii: "f"): take("false")
        case UInt8(ascii: "n"): take("null")
        default: number()
        }
    }

    private mutating func list(
        _ open: Character,
        _ close: Character,
        _ depth: Int,
        _ item: (inout StrictChecker) -> Bool
    ) -> Bool {
        guard take(open) else { return false }
        space()
        if take(close) { return true }
        while true {
            space()
            guard item(&self) else { return false }
            space()
            if take(close) { return true }
            guard take(",") else { return false }
        }
    }

    private mutating func member(depth: Int) -> Bool {
        guard string() else { return false }
        space()
        guard take(":") else { return false }
        space()
        return value(depth: depth)
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case ..<0x20: return false
            case UInt8(ascii: "\\"):
                guard let escaped = peek else { return false }
                index += 1
                guard "\"\\/bfnrtu".utf8.contains(escaped) else { return false }
                if escaped == UInt8(ascii: "u") {
                    guard let unit = unit() else { return false }
                    if 0xd800...0xdbff ~= unit {
                        guard take("\\u"), let low = self.unit(), 0xdc00...0xdfff ~= low else { return false }
                    } else if 0xdc00...0xdfff ~= unit {
                        return false
                    }
                }
            default: break
            }
        }
        return false
    }

    private mutating func unit() -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        let digits = bytes[index..<index + 4]
        index += 4
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func digits() -> Int {
        let start = index
        while let byte = peek, byte >= 0x30, byte <= 0x39 { index += 1 }
        return index - start
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") && digits() == 0 { return false }
        if take("."), digits() == 0 { return false }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            if digits() == 0 { return false }
        }
        return true
    }
}
