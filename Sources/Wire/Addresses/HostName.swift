/// What a host's name says by itself.
public enum HostName {
    /// `localhost` and what is below it (RFC 6761 section 6.3): this machine, whatever a name server says.
    public static func isThisMachine(_ name: String) -> Bool {
        let name = lowered(name)
        return name.elementsEqual("localhost".utf8) || ends(name, with: ".localhost")
    }

    /// Names that no public name server knows: without a dot, or below `.internal`, `.local` (RFC 6762) and
    /// `.home.arpa` (RFC 8375).
    public static func isNearby(_ name: String) -> Bool {
        let name = lowered(name)
        return isThisMachine(String(decoding: name, as: UTF8.self)) || !name.contains(UInt8(ascii: "."))
            || [".internal", ".local", ".home.arpa"].contains { ends(name, with: $0) }
    }

    /// Whether this is a number in one of the spellings that resolvers take for an IPv4 address (WHATWG URL, "ends in
    /// a number"): such a host is an address in its usual form, or none.
    static func isNumber(_ name: String) -> Bool {
        let label = lowered(name).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).last ?? []
        if !label.isEmpty, label.allSatisfy({ decimalDigit($0) != nil }) { return true }
        guard label.starts(with: "0x".utf8) else { return false }
        return label.dropFirst(2).allSatisfy {
            decimalDigit($0) != nil || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    private static func ends(_ name: [UInt8], with ending: String) -> Bool {
        name.count > ending.utf8.count && name.suffix(ending.utf8.count).elementsEqual(ending.utf8)
    }

    /// In lower case and without the dot of the root.
    private static func lowered(_ name: String) -> [UInt8] {
        let bytes = name.utf8.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
        return bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes
    }
}
