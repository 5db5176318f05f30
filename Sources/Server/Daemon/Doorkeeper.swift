import OstiaryCore
import OstiaryWire

/// Lets callers in at the admin door, or not: by host, by origin, and by what a call asks of its caller.
struct Doorkeeper: Sendable {
    /// Unknown and wrong credentials are one thing to whoever tries (SEC-604).
    private static let challenge = "Bearer realm=\"ostiary\""

    let origins: OriginRule
    /// Tokens; `nil` where there is no daemon, and the socket file is the only way in.
    let tokens: AdminTokens?
    /// Failed attempts, by address: ten, then one a second.
    let failures = AttemptBuckets(capacity: 10, perSecond: 1)

    /// Pages of other sites reach loopback too, through a visitor's browser; so `Host` must name this machine, and a page
    /// must be one of those that are listed. A browser cannot reach a socket file, so any `Host` will do there.
    func check(_ head: RequestHead, isSocket: Bool) throws(AdminError) {
        guard isSocket || Self.isLocal(head) else { throw AdminError(.foreignHost) }
        guard !head.has(.origin) || origins.allows(head) else { throw AdminError(.foreignOrigin) }
    }

    func admit(
        _ head: RequestHead,
        to access: AdminRoute.Access,
        peer: Peer,
        isSocket: Bool,
        at now: MonotonicTime
    ) throws(AdminError) -> AdminCaller {
        let scope: String?
        switch access {
        case .anybody: return .anybody
        case .owner: scope = nil
        case .scoped(let name): scope = name
        }
        let caller = try known(head, peer: peer, isSocket: isSocket, at: now)
        if let scope, !caller.has(scope) {
            throw AdminError(
                .insufficientScope,
                scope,
                challenge: Self.challenge + ", error=\"insufficient_scope\", scope=\"\(scope)\""
            )
        }
        return caller
    }

    private func known(
        _ head: RequestHead,
        peer: Peer,
        isSocket: Bool,
        at now: MonotonicTime
    ) throws(AdminError) -> AdminCaller {
        // Who comes by the socket file is the gate's user: the kernel says so (see `SocketOwner`).
        if isSocket, !head.has(.authorization) { return .owner }
        let token: AdminTokens.Token?? = head.withValue(.authorization) { value in
            guard let start = Self.start(value) else { return nil }
            return tokens?.find(value.extracting(start..<value.count))
        }
        if case .some(.some(let token)) = token { return .token(token.name, scopes: token.scopes) }
        // Counted by the machine, which has all of 127.0.0.0/8 to call from.
        let name = peer.address.hasPrefix("127.") || peer.address == "::1" ? "loopback" : peer.address
        if let seconds = failures.take(name, at: now) { throw AdminError(.tooManyFailures, retryAfter: seconds) }
        throw AdminError(.unauthorized, challenge: Self.challenge)
    }

    /// Where the token begins behind `Bearer`, in any case (RFC 9110 section 11.1).
    private static func start(_ value: Span<UInt8>) -> Int? {
        let scheme = Array("bearer ".utf8)
        guard value.count > scheme.count else { return nil }
        for index in scheme.indices {
            let octet = value[index]
            let isCapital = octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z")
            guard (isCapital ? octet | 0x20 : octet) == scheme[index] else { return nil }
        }
        var start = scheme.count
        while start < value.count, value[start] == 0x20 { start += 1 }
        return start < value.count ? start : nil
    }

    /// Whether `Host` is a loopback address or `localhost` (DNS rebinding brings any other name here).
    private static func isLocal(_ head: RequestHead) -> Bool {
        guard let value = head.value(.host) else { return false }
        var host = String(decoding: value, as: UTF8.self).lowercased()
        if host.hasPrefix("["), let end = host.lastIndex(of: "]") {
            host = String(host[host.index(after: host.startIndex)..<end])
        } else if let colon = host.lastIndex(of: ":") {
            host = String(host[..<colon])
        }
        return host == "localhost" || IPAddress(host)?.isLoopback == true
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_admin_failures_refused_total",
                .counter,
                "Failed attempts at the admin door beyond its limit."
            ) {
                [failures] in Double(failures.refused.current)
            },
            Instrument(
                "gw_admin_failures_entries",
                .gauge,
                "Addresses with failed attempts at the admin door; at most \(failures.limit)."
            ) { [failures] in Double(failures.count) },
        ]
    }
}
