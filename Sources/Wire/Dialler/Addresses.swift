import Glibc
import NIOCore
import NIOPosix
import OstiaryCore

/// Where an origin is, as the system knows it.
enum Addresses {
    /// - Returns: addresses to be tried in turn, at least one.
    /// - Throws: `.upstreamUnreachable` when there is none.
    static func of(_ origin: Origin) async throws(GateError) -> [SocketAddress] {
        do {
            if let path = origin.socketPath { return [try SocketAddress(unixDomainSocketPath: path)] }
            if let literal = try? SocketAddress(ipAddress: origin.host, port: origin.port) { return [literal] }
            // The system's resolver blocks.
            let found = try await NIOThreadPool.singleton.runIfActive { [host = origin.host, port = origin.port] in
                ask(host, port)
            }
            if !found.isEmpty { return found }
        } catch {}
        throw GateError(.upstreamUnreachable, cause: "connect")
    }

    private static func ask(_ host: String, _ port: Int) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            switch entry.ai_family {
            case AF_INET:
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { found.append(SocketAddress($0.pointee)) }
            case AF_INET6:
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    found.append(SocketAddress($0.pointee))
                }
            default: break
            }
        }
        return found
    }
}
