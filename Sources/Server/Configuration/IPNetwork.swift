import OstiaryWire

/// A range of addresses as RFC 4632 and RFC 4291 section 2.3 write it: an address and the length of the prefix that its
/// members share.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]
    /// How many bits the members share; never 0, since everybody is no network.
    private let length: Int
    public let description: String

    /// Why text is no network that can be trusted.
    enum Fault: Error {
        case form
        /// It has bits behind its prefix.
        case hostBits
        /// It holds every address.
        case everybody
        /// It is an IPv4 network in IPv6 form.
        case mapped
    }

    /// Reads `ADDRESS/LENGTH`, or an address alone for just that one.
    init(parsing text: String) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { throw .form }
        guard address.isSix == first.utf8.contains(UInt8(ascii: ":")) else { throw .mapped }
        let longest = address.bytes.count * 8
        var length = longest
        if parts.count == 2 {
            guard parts[1].utf8.count <= 3, let written = Quantity.digits(parts[1]), written <= longest else {
                throw .form
            }
            length = written
        }
        guard length > 0 else { throw .everybody }
        bytes = address.bytes
        self.length = length
        description = text
        guard (length..<longest).allSatisfy({ !Self.bit($0, of: address.bytes) }) else { throw .hostBits }
    }

    func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == bytes.count
            && (0..<length).allSatisfy { Self.bit($0, of: address.bytes) == Self.bit($0, of: bytes) }
    }

    private static func bit(_ index: Int, of bytes: [UInt8]) -> Bool {
        bytes[index >> 3] >> UInt8(7 - index & 7) & 1 == 1
    }
}
