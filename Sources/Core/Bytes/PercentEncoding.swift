/// Percent-encoding of URLs (RFC 3986 section 2.1).
public enum PercentEncoding {
    /// The bytes that are meant; a `%` without two hex digits behind it stands for itself.
    public static func decoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(Hex.value(of:))
            guard byte == UInt8(ascii: "%"), digits.count == 2 else {
                out.append(byte)
                continue
            }
            out.append(digits[0] << 4 | digits[1])
            rest = rest.dropFirst(2)
        }
        return out
    }
}
