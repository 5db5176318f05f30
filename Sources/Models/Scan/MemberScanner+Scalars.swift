// Numbers, literals and escapes, one byte at a time.
extension MemberScanner {
    mutating func inside(_ byte: UInt8, _ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        switch state {
        case .integer, .fraction, .exponentDigits, .zero, .minus, .point, .exponent, .exponentSign:
            try number(byte, bytes, &index)
        case .literal:
            guard byte == UInt8(truncatingIfNeeded: literalLeft) else { throw ScanError(.malformed, at: base + index) }
            literalLeft >>= 8
            index += 1
            if literalLeft == 0 { endValue(bytes, index) }
        default:
            try escape(byte, index)
            index += 1
        }
    }

    mutating func number(_ byte: UInt8, _ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        let isDigit = byte &- UInt8(ascii: "0") < 10
        switch state {
        case .integer where isDigit, .fraction where isDigit, .exponentDigits where isDigit:
            break
        case .minus where isDigit:
            state = byte == UInt8(ascii: "0") ? .zero : .integer
        case .point where isDigit:
            state = .fraction
        case .exponent where isDigit, .exponentSign where isDigit:
            state = .exponentDigits
        case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"):
            state = .exponentSign
        case .zero where byte == UInt8(ascii: "."), .integer where byte == UInt8(ascii: "."):
            state = .point
        case .zero where byte | 0x20 == UInt8(ascii: "e"), .integer where byte | 0x20 == UInt8(ascii: "e"),
            .fraction where byte | 0x20 == UInt8(ascii: "e"):
            state = .exponent
        case .zero where !isDigit, .integer, .fraction, .exponentDigits:
            endValue(bytes, index)
            return
        default:
            throw ScanError(.malformed, at: base + index)
        }
        index += 1
    }

    mutating func escape(_ byte: UInt8, _ index: Int) throws(ScanError) {
        switch state {
        case .escape:
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): keep(byte)
            case UInt8(ascii: "b"): keep(0x08)
            case UInt8(ascii: "f"): keep(0x0c)
            case UInt8(ascii: "n"): keep(0x0a)
            case UInt8(ascii: "r"): keep(0x0d)
            case UInt8(ascii: "t"): keep(0x09)
            case UInt8(ascii: "u"):
                state = .hexadecimal
                digitsLeft = 4
                unit = 0
                return
            default: throw ScanError(.malformed, at: base + index)
            }
            state = .string
        case .hexadecimal:
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
            default: throw ScanError(.malformed, at: base + index)
            }
            unit = unit << 4 | UInt32(digit)
            digitsLeft -= 1
            if digitsLeft == 0 { try endUnit(index) }
        case .lowBackslash:
            guard byte == UInt8(ascii: "\\") else { throw ScanError(.loneSurrogate, at: base + index) }
            state = .lowLetter
        default:
            guard byte == UInt8(ascii: "u") else { throw ScanError(.loneSurrogate, at: base + index) }
            state = .hexadecimal
            digitsLeft = 4
            unit = 0
        }
    }

    mutating func endUnit(_ index: Int) throws(ScanError) {
        let isLow = 0xdc00...0xdfff ~= unit
        guard isLow == (highSurrogate != 0) else { throw ScanError(.loneSurrogate, at: base + index) }
        if 0xd800...0xdbff ~= unit {
            highSurrogate = unit
            state = .lowBackslash
            return
        }
        let scalar = isLow ? 0x10000 + (highSurrogate - 0xd800) << 10 + (unit - 0xdc00) : unit
        highSurrogate = 0
        state = .string
        if capture != .nothing, let character = Unicode.Scalar(scalar) {
            for byte in UTF8.encode(character).map(Array.init) ?? [] { keep(byte) }
        }
    }
}
