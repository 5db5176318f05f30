import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The machine's own resolver: hosts file, name servers and whatever else it is set up with.
///
/// `getaddrinfo` blocks, sometimes for half a minute, so it runs on threads of its own: four for the whole process,
/// started with the first question. Further questions wait for one of them.
public struct SystemResolver: Resolver {
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        return threads
    }()

    public init() {}

    public func addresses(of name: String) async throws(ResolveFailure) -> [IPAddress] {
        let found: [IPAddress] = await withCheckedContinuation { continuation in
            Self.threads.submit { state in
                continuation.resume(returning: state == .active ? Self.ask(name) : [])
            }
        }
        guard !found.isEmpty else { throw ResolveFailure() }
        return found
    }

    private static func ask(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        // No addresses of a family that this machine does not have.
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = address(entry.pointee), !found.contains(address) else { continue }
            found.append(address)
        }
        return found
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let address = entry.ai_addr else { return nil }
        let bytes = UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))
        // Behind family and port, and the flow label of IPv6 (RFC 3493 section 3.3).
        let place: Range<Int>
        switch entry.ai_family {
        case AF_INET: place = 4..<8
        case AF_INET6: place = 8..<24
        default: return nil
        }
        guard bytes.count >= place.upperBound else { return nil }
        return IPAddress(bytes: Array(bytes[place]))
    }
}
