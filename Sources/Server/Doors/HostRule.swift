import OstiaryCore
import OstiaryWire

/// Which hosts the public door answers to (SEC-103); any, where none are configured. No decision but this one looks at
/// the host: routes, permission and provider do not depend on it.
struct HostRule: Sendable {
    /// In lower case, with a port or without.
    private let hosts: [[UInt8]]

    init(_ hosts: [String]) {
        self.hosts = hosts.map { Array($0.utf8) }
    }

    /// - Throws: `.misdirectedRequest` for a request that is for another host (RFC 9110 section 15.5.20).
    func check(_ head: RequestHead) throws(GateError) {
        guard !hosts.isEmpty else { return }
        guard head.withHost(isListed) == true else { throw GateError(.misdirectedRequest) }
    }

    private func isListed(_ host: Span<UInt8>) -> Bool {
        let nameEnd = HostPort.end(host)
        return hosts.contains { listed in
            // One without a port stands for all of them.
            let count = HostPort.end(listed.span) < listed.count ? host.count : nameEnd
            return listed.count == count && (0..<count).allSatisfy { Self.lowerCased(host[$0]) == listed[$0] }
        }
    }

    private static func lowerCased(_ octet: UInt8) -> UInt8 {
        octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z") ? octet | 0x20 : octet
    }
}
