import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 or IPv6 address. An IPv4-mapped one (RFC 4291 section 2.5.5.2) is the IPv4 address that it stands for.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four or sixteen bytes, most significant first.
    public let bytes: [UInt8]

    /// Reads the usual text form: four decimal numbers without leading zeros, or RFC 4291 section 2.2 without brackets
    /// and zone. Every other spelling of an IPv4 address (octal, hexadecimal, one number) is `nil`.
    public init?(_ text: String) {
        guard !text.utf8.contains(0), text.utf8.count <= 45 else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: four)
            return
        }
        var six = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self.init(bytes: six)
    }

    /// - Parameter bytes: four or sixteen, most significant first; any other number is `nil`.
    init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        let isMapped =
            bytes.count == 16 && bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        self.bytes = isMapped ? Array(bytes.suffix(4)) : bytes
    }

    public var isSix: Bool { bytes.count == 16 }

    /// 127.0.0.1 and ::1.
    static let thisMachine = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }

    public var description: String {
        let isSix = isSix
        let text = bytes.withUnsafeBytes { raw in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room -> String? in
                guard let start = room.baseAddress else { return nil }
                return inet_ntop(isSix ? AF_INET6 : AF_INET, raw.baseAddress, start, socklen_t(room.count)).map {
                    String(cString: $0)
                }
            }
        }
        return text ?? ""
    }

    /// Where to connect for a service at this address; `nil` for a port that there is not.
    func socketAddress(port: Int) -> SocketAddress? {
        guard (0...65_535).contains(port) else { return nil }
        return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port)
    }
}
