extension IPAddress {
    /// What an address is for (RFC 6890 and the registries it began). The raw values are for logs.
    public enum Kind: String, Sendable, CaseIterable {
        /// Reached over the internet.
        case `public`
        /// This machine.
        case loopback
        /// RFC 1918 and RFC 4193.
        case `private`
        /// Used inside networks without being theirs: behind carriers' translators (RFC 6598), by private networks
        /// laid over others, by benchmarks and local proxies (RFC 2544), by local translators (RFC 8215).
        case shared
        /// RFC 3927 and RFC 4291 section 2.5.6: the same link, where clouds answer questions about their machines.
        case linkLocal = "link_local"
        /// Where a cloud gives a machine its credentials, under whatever other kind the address would be.
        case metadata
        case multicast
        /// Nobody, or this machine, or everybody on the link.
        case unspecified
        /// Documentation, experiments, protocols of their own, retired tunnels: no host answers there, or not the one
        /// that seems to.
        case reserved
    }

    public var kind: Kind {
        isSix ? Self.kind(ofSix: bytes) : Self.kind(ofFour: bytes[...])
    }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { kind == .loopback }

    /// The private ranges of RFC 1918 and RFC 4193. Link-local addresses are not among them: metadata services
    /// answer there.
    public var isPrivate: Bool { kind == .private }

    // MARK: IPv4

    private static let metadataOfFour: [[UInt8]] = [
        // AWS, Azure, Google and most others; AWS' tasks; AWS' pods; Alibaba; Azure's host; Oracle.
        [169, 254, 169, 254], [169, 254, 170, 2], [169, 254, 170, 23], [100, 100, 100, 200], [168, 63, 129, 16],
        [192, 0, 0, 192],
    ]

    private static func kind(ofFour address: ArraySlice<UInt8>) -> Kind {
        let octets = Array(address)
        guard octets.count == 4 else { return .reserved }
        if metadataOfFour.contains(octets) { return .metadata }
        switch (octets[0], octets[1], octets[2]) {
        case (0, _, _): return .unspecified
        case (127, _, _): return .loopback
        case (10, _, _), (172, 16...31, _), (192, 168, _): return .private
        case (100, 64...127, _), (198, 18...19, _): return .shared
        case (169, 254, _): return .linkLocal
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 88, 99): return .reserved
        case (224...239, _, _): return .multicast
        case (255, 255, 255) where octets[3] == 255: return .unspecified
        case (240...255, _, _): return .reserved
        default: return .public
        }
    }

    // MARK: IPv6

    private static let metadataOfSix: [[UInt8]] = [
        // fd00:ec2::254 and fd00:ec2::23 of AWS, fd20:ce::254 of Google.
        [0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23],
        [0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
    ]

    private static func kind(ofSix bytes: [UInt8]) -> Kind {
        guard bytes.count == 16 else { return .reserved }
        if metadataOfSix.contains(bytes) { return .metadata }
        let words = (0..<8).map { UInt16(bytes[$0 * 2]) << 8 | UInt16(bytes[$0 * 2 + 1]) }
        switch (words[0], words[1]) {
        case (0, _):
            if bytes.dropLast().allSatisfy({ $0 == 0 }) {
                return bytes[15] == 0 ? .unspecified : bytes[15] == 1 ? .loopback : .reserved
            }
            // IPv4-compatible and the rest of ::/16 are of the past (RFC 4291 section 2.5.5.1).
            return .reserved
        case (0x64, 0xff9b) where words[2...5].allSatisfy({ $0 == 0 }):
            // A translator (RFC 6052): the packet goes to the IPv4 address inside.
            return kind(ofFour: bytes[12...])
        case (0x64, 0xff9b) where words[2] == 1: return translatedLocally(bytes)
        // Teredo and 6to4 lead to whatever IPv4 address is inside, by ways that nobody provides any more (RFC 7526);
        // documentation (RFC 3849) and protocol assignments (RFC 2928) to nobody.
        case (0x2001, 0x0000...0x01ff), (0x2001, 0x0db8), (0x2002, _): return .reserved
        case (0x3fff, 0x0000...0x0fff): return .reserved
        case (0x2000...0x3fff, _): return .public
        case (0xfc00...0xfdff, _): return .private
        case (0xfe80...0xfebf, _): return .linkLocal
        case (0xff00...0xffff, _): return .multicast
        default: return .reserved
        }
    }

    /// A translator of the local network (RFC 8215). Where in the address it keeps the IPv4 address is its own choice
    /// (RFC 6052 section 2.2), so none of the places may hold one that nobody may reach.
    private static func translatedLocally(_ bytes: [UInt8]) -> Kind {
        let readings: [ArraySlice<UInt8>] = [
            bytes[12...], [bytes[6], bytes[7], bytes[9], bytes[10]], [bytes[7], bytes[9], bytes[10], bytes[11]],
            [bytes[9], bytes[10], bytes[11], bytes[12]],
        ]
        for reading in readings where reading.contains(where: { $0 != 0 }) {
            let kind = kind(ofFour: reading)
            if kind == .metadata || kind == .linkLocal || kind == .loopback { return kind }
        }
        return .shared
    }
}
