import OstiaryCore
import OstiaryWire

/// Whose word counts for where a request came from (SEC-106). Without proxies, nobody's: the peer is the connection's
/// other end, whatever a field says.
struct TrustedProxies: Sendable {
    private let networks: [IPNetwork]
    private let field: Configuration.ForwardingField

    init(_ networks: [IPNetwork], field: Configuration.ForwardingField) {
        self.networks = networks
        self.field = field
    }

    var isEmpty: Bool { networks.isEmpty }

    /// The client of a request: the last address of the field that is not a trusted proxy's own.
    ///
    /// The field is read from its end, since only what trusted proxies appended is known to be true; what stands before
    /// that, the client may have written. An element that names no address ends the search.
    func client(of head: RequestHead, behind peer: Peer) -> Peer {
        guard !isEmpty, let nearest = IPAddress(peer.address), isTrusted(nearest) else { return peer }
        var known = nearest
        for element in elements(head).reversed() {
            guard let address = field == .forwarded ? Self.forwardedFor(element) : Self.address(of: element) else {
                break
            }
            known = address
            if !isTrusted(address) { break }
        }
        return Peer(address: known.description)
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    /// The elements of all field lines in order, divided by commas outside of quotes.
    private func elements(_ head: RequestHead) -> [ArraySlice<UInt8>] {
        head.values(field == .forwarded ? .forwarded : .forwardedFor).flatMap { Self.divided($0[...], by: ",") }
    }

    /// The address of `for=` in an element of `Forwarded` (RFC 7239 section 4); nothing when it is there twice.
    private static func forwardedFor(_ element: ArraySlice<UInt8>) -> IPAddress? {
        var values: [ArraySlice<UInt8>] = []
        for pair in divided(element, by: ";") {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = trimmed(pair[..<equals])
            guard name.count == 3, zip(name, "for".utf8).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
            values.append(trimmed(pair[pair.index(after: equals)...]))
        }
        guard values.count == 1, var value = values.first else { return nil }
        if value.first == UInt8(ascii: "\"") {
            guard value.count >= 2, value.last == UInt8(ascii: "\"") else { return nil }
            value = value.dropFirst().dropLast()
        }
        return address(of: value)
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
    private static func address(of element: ArraySlice<UInt8>) -> IPAddress? {
        var element = trimmed(element)
        if element.first == UInt8(ascii: "[") {
            guard let end = element.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let rest = element[end...].dropFirst()
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { return nil }
            element = element[..<end].dropFirst()
        } else if let colon = element.firstIndex(of: UInt8(ascii: ":")),
            element[colon...].dropFirst().firstIndex(of: UInt8(ascii: ":")) == nil
        {
            element = element[..<colon]
        }
        return IPAddress(String(decoding: element, as: UTF8.self))
    }

    private static func divided(_ bytes: ArraySlice<UInt8>, by separator: Character) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var isQuoted = false
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard !isQuoted, bytes[index] == separator.asciiValue else { continue }
            parts.append(bytes[start..<index])
            start = index + 1
        }
        return parts + [bytes[start...]]
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (octet: UInt8) in octet == 0x20 || octet == 0x09 }
        let front = bytes.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return [] }
        return front[...last]
    }
}
