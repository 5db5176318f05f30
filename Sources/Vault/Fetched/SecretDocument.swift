import OstiaryCore

/// A JSON document in which there is a secret, read without ever making text of it (RFC 8259).
///
/// Only what is asked for is taken out; the document's bytes are overwritten at the end. A name that stands twice in one
/// object is in neither place, so that no two readers find different keys.
final class SecretDocument {
    private static let deepest = 32

    private var bytes: [UInt8]

    /// `nil` for what is no JSON object, or nested too deeply.
    init?(_ document: [UInt8]) {
        bytes = document
        var index = 0
        guard skipBlanks(&index), bytes[index] == UInt8(ascii: "{") else { return nil }
        guard skipValue(&index, Self.deepest) else { return nil }
        guard !skipBlanks(&index) else { return nil }
    }

    deinit { wipe(&bytes) }

    // MARK: Taking out

    /// The string at this path; `nil` when there is none.
    func secret(_ path: String...) -> Secret? {
        guard let start = find(path), bytes[start] == UInt8(ascii: "\"") else { return nil }
        return string(at: start)
    }

    /// The same, or the number there as it is written.
    func bytes(_ path: [String]) -> Secret? {
        guard let start = find(path) else { return nil }
        return string(at: start)
    }

    /// The string at this path, where it is surely no secret.
    func text(_ path: String...) -> String? {
        guard let start = find(path), bytes[start] == UInt8(ascii: "\"") else { return nil }
        return string(at: start)?.withBytes { bytes in
            bytes.count > 1024 ? nil : bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
        }
    }

    /// The number at this path.
    func number(_ path: String...) -> Double? {
        guard let start = find(path), isNumberByte(bytes[start]) else { return nil }
        var end = start
        while end < bytes.count, end - start < 64, isNumberByte(bytes[end]) { end += 1 }
        return Double(String(decoding: bytes[start..<end], as: UTF8.self))
    }

    /// Whether `true` stands at this path.
    func isTrue(_ path: String...) -> Bool { find(path).map { bytes[$0] == UInt8(ascii: "t") } ?? false }

    /// Whether there is anything at this path.
    func has(_ path: String...) -> Bool { find(path) != nil }

    /// Where the value at this path begins.
    private func find(_ path: [String]) -> Int? {
        var index = 0
        for name in path {
            guard skipBlanks(&index), let found = member(name, of: index) else { return nil }
            index = found
        }
        return skipBlanks(&index) ? index : nil
    }

    private func member(_ name: String, of object: Int) -> Int? {
        guard bytes[object] == UInt8(ascii: "{") else { return nil }
        var index = object + 1
        var found: Int?
        while skipBlanks(&index), bytes[index] == UInt8(ascii: "\"") {
            let key = index
            guard skipString(&index), skipBlanks(&index) else { return nil }
            index += 1
            guard skipBlanks(&index) else { return nil }
            let isMeant =
                string(at: key)?.withBytes { key in
                    key.count == name.utf8.count && zip(key.indices, name.utf8).allSatisfy { key[$0] == $1 }
                } ?? false
            if isMeant {
                guard found == nil else { return nil }
                found = index
            }
            guard skipValue(&index, Self.deepest), skipBlanks(&index) else { return nil }
            guard bytes[index] == UInt8(ascii: ",") else { break }
            index += 1
        }
        return found
    }

    /// The string or number that begins here, with its escapes resolved.
    private func string(at start: Int) -> Secret? {
        var end = start
        var plain = [UInt8]()
        defer { wipe(&plain) }
        if bytes[start] != UInt8(ascii: "\"") {
            while end < bytes.count, isNumberByte(bytes[end]) { end += 1 }
            guard end > start else { return nil }
            plain.append(contentsOf: bytes[start..<end])
            return Secret(copying: plain.span)
        }
        guard skipString(&end) else { return nil }
        // In one piece, so that it is never moved and leaves no copies behind.
        plain.reserveCapacity(end - start)
        var index = start + 1
        while index < end - 1 {
            guard bytes[index] == UInt8(ascii: "\\") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            index += 1
            switch bytes[index] {
            case UInt8(ascii: "n"): plain.append(0x0a)
            case UInt8(ascii: "r"): plain.append(0x0d)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0c)
            case UInt8(ascii: "u"):
                guard let scalar = escaped(at: &index) else { return nil }
                plain.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: plain.append(bytes[index])
            }
            index += 1
        }
        return Secret(copying: plain.span)
    }

    /// The character behind `\u`, and behind a second one where the first is half a pair; `index` stands on its last digit
    /// then.
    private func escaped(at index: inout Int) -> Unicode.Scalar? {
        guard let high = unit(at: index + 1) else { return nil }
        index += 4
        guard (0xd800..<0xe000).contains(high) else { return Unicode.Scalar(high) }
        guard high < 0xdc00, index + 6 < bytes.count, bytes[index + 1] == UInt8(ascii: "\\"),
            bytes[index + 2] == UInt8(ascii: "u"), let low = unit(at: index + 3), (0xdc00..<0xe000).contains(low)
        else { return nil }
        index += 6
        return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private func unit(at start: Int) -> UInt32? {
        guard start + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = Hex.value(of: bytes[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    // MARK: Passing over

    /// - Returns: whether there is anything behind them.
    private func skipBlanks(_ index: inout Int) -> Bool {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return true
            }
        }
        return false
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private func skipString(_ index: inout Int) -> Bool {
        index += 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return true
            case UInt8(ascii: "\\"):
                guard index + 1 < bytes.count else { return false }
                if bytes[index + 1] == UInt8(ascii: "u"), unit(at: index + 2) == nil { return false }
                index += 2
            case ..<0x20: return false
            default: index += 1
            }
        }
        return false
    }

    private func skipValue(_ index: inout Int, _ depth: Int) -> Bool {
        guard depth > 0, skipBlanks(&index) else { return false }
        switch bytes[index] {
        case UInt8(ascii: "\""): return skipString(&index)
        case UInt8(ascii: "{"): return skipAll(&index, depth, until: UInt8(ascii: "}"), named: true)
        case UInt8(ascii: "["): return skipAll(&index, depth, until: UInt8(ascii: "]"), named: false)
        case UInt8(ascii: "t"): return skipWord("true", &index)
        case UInt8(ascii: "f"): return skipWord("false", &index)
        case UInt8(ascii: "n"): return skipWord("null", &index)
        default:
            let start = index
            while index < bytes.count, isNumberByte(bytes[index]) { index += 1 }
            return index > start
        }
    }

    private func skipAll(_ index: inout Int, _ depth: Int, until end: UInt8, named: Bool) -> Bool {
        index += 1
        guard skipBlanks(&index) else { return false }
        if bytes[index] == end {
            index += 1
            return true
        }
        while true {
            if named {
                guard skipBlanks(&index), bytes[index] == UInt8(ascii: "\""), skipString(&index) else { return false }
                guard skipBlanks(&index), bytes[index] == UInt8(ascii: ":") else { return false }
                index += 1
            }
            guard skipValue(&index, depth - 1), skipBlanks(&index) else { return false }
            let byte = bytes[index]
            index += 1
            if byte == end { return true }
            guard byte == UInt8(ascii: ",") else { return false }
        }
    }

    private func skipWord(_ word: StaticString, _ index: inout Int) -> Bool {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for (offset, byte) in bytes[index..<end].enumerated() where byte != word.utf8Start[offset] { return false }
        index = end
        return true
    }
}
