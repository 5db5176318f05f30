/// How many tokens a text is for the vocabularies in use: they have most words of up to seven letters, three digits, and
/// runs of the same mark, and cut the rest in pieces of four.
enum TextTokens {
    private enum Kind {
        case letter, digit, space, line, mark, far
    }

    static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var count = 0
        var index = 0
        while index < bytes.count {
            let kind = kind(of: bytes[index])
            let start = index
            switch kind {
            case .letter, .digit, .space, .line:
                repeat { index += 1 } while index < bytes.count && self.kind(of: bytes[index]) == kind
            case .mark:
                let mark = bytes[index]
                repeat { index += 1 } while index < bytes.count && bytes[index] == mark
            case .far:
                repeat { index += 1 } while index < bytes.count && bytes[index] >= 0x80
            }
            let length = index - start
            switch kind {
            case .letter: count += length <= 7 ? 1 : (length + 3) / 4
            case .digit: count += (length + 2) / 3
            // One space belongs to the word behind it.
            case .space: count += length == 1 ? 0 : 1
            case .line: count += 1
            case .mark: count += (length + 7) / 8
            // Two bytes a letter, three a sign: about a token for three bytes.
            case .far: count += (length + 2) / 3
            }
        }
        return count
    }

    private static func kind(of byte: UInt8) -> Kind {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case 0x20, 0x09: .space
        case 0x0a, 0x0d: .line
        case 0x80...: .far
        default: .mark
        }
    }
}
