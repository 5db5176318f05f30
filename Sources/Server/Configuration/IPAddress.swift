#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 or IPv6 address in its text form, as far as configuration asks what kind of address it is.
struct IPAddress: Sendable {
    /// Four or sixteen bytes, most significant first.
    let bytes: [UInt8]

    init?(_ text: String) {
        guard !text.utf8.contains(0), text.utf8.count <= 45 else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four.s_addr) { Array($0) }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let all = withUnsafeBytes(of: six) { Array($0) }
        // An IPv4-mapped address (RFC 4291 section 2.5.5.2) is judged as the IPv4 address that it is.
        let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xff && all[11] == 0xff
        bytes = isMapped ? Array(all.suffix(4)) : all
    }

    /// The usual text form, one for each address.
    var text: String {
        var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isSix ? AF_INET6 : AF_INET, bytes, &room, socklen_t(room.count)) != nil else { return "" }
        return String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var isSix: Bool { bytes.count == 16 }

    /// 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        isSix ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 : bytes.first == 127
    }

    /// 0.0.0.0 or ::, which stands for every address of the machine.
    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The private ranges of RFC 1918 and RFC 4193. Link-local addresses are not among them: metadata services
    /// answer there.
    var isPrivate: Bool {
        if isSix { return bytes[0] & 0xfe == 0xfc }
        switch (bytes[0], bytes[1]) {
        case (10, _), (192, 168), (172, 16...31): return true
        default: return false
        }
    }
}

extension Configuration.Address {
    /// Reads `host:port`; `nil` for anything but an IP address or `localhost`.
    public init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.count <= 5, let number = Quantity.digits(digits), let port = UInt16(exactly: number) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = String(host.dropFirst().dropLast())
            guard host.utf8.contains(UInt8(ascii: ":")), IPAddress(host) != nil else { return nil }
        } else if host == "localhost" {
            host = "127.0.0.1"
        } else {
            guard let address = IPAddress(host), !address.isSix, !host.utf8.contains(UInt8(ascii: ":")) else {
                return nil
            }
        }
        self.init(host: host, port: port)
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        IPAddress(host)?.isLoopback ?? false
    }
}
