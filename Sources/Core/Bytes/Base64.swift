/// Base64 with padding (RFC 4648 section 4), from bytes to bytes.
public enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let piece = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for byte in piece { word = word << 8 | UInt32(byte) }
            word <<= UInt32(3 - piece.count) * 8
            for digit in 0..<4 {
                let isPadding = digit > piece.count
                let index = Int(word >> UInt32(18 - 6 * digit)) & 63
                text.append(isPadding ? UInt8(ascii: "=") : digits[index])
            }
        }
        return text
    }
}
