public import OstiaryCore

/// A virtual key's text: `ost_`, thirty random letters and digits (178 bits), and six that are the CRC-32 of all before
/// them. Forty bytes in all, so that scanners of code and logs, and the gate itself, can tell one by its form.
///
/// The checksum keeps nothing secret: it tells a key from what only looks like one, without asking anybody.
public enum VirtualKey {
    /// The number of bytes of every key.
    public static let length = 40
    /// What scanners look for.
    public static let pattern = "ost_[0-9A-Za-z]{36}"

    private static let prefix: [UInt8] = Array("ost_".utf8)
    private static let signed = 34
    private static let alphabet: [UInt8] = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether `bytes` have the form of a key, its checksum included. Says nothing about whether anybody holds it.
    public static func hasForm(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == length, bytes.starts(with: prefix), bytes[prefix.count...].allSatisfy(isDigit) else {
            return false
        }
        return bytes[signed...].elementsEqual(checksum(bytes[..<signed]))
    }

    /// A new key.
    /// - Parameter random: the system's generator, unless a test needs another one.
    public static func make(random: inout some RandomNumberGenerator) -> Secret {
        var bytes = prefix
        bytes.reserveCapacity(length)
        while bytes.count < signed { bytes.append(alphabet[Int.random(in: alphabet.indices, using: &random)]) }
        bytes += checksum(bytes[...])
        defer { for index in bytes.indices { bytes[index] = 0 } }
        return Secret(copying: bytes.span)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Six digits to the base of 62.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var rest = crc(bytes)
        var digits = [UInt8](repeating: 0, count: length - signed)
        for index in digits.indices.reversed() {
            digits[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return digits
    }

    /// CRC-32 as Ethernet and zip have it (ISO/IEC 13239), half a byte at a time.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var state: UInt32 = 0xffff_ffff
        for byte in bytes {
            state = state >> 4 ^ table[Int((state ^ UInt32(byte)) & 15)]
            state = state >> 4 ^ table[Int((state ^ UInt32(byte >> 4)) & 15)]
        }
        return ~state
    }

    private static let table: [UInt32] = (0..<16).map { index in
        (0..<4).reduce(UInt32(index)) { word, _ in word & 1 == 0 ? word >> 1 : word >> 1 ^ 0xedb8_8320 }
    }
}
