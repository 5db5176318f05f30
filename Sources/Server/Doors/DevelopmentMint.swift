import NIOCore
import OstiaryCore
import OstiaryIdentity
import OstiaryWire

/// Development mode's issuer inside the gate: its key set behind a loopback port of its own, and tokens for whoever
/// asks at the admin door. The key is in memory only and ends with the process.
final class DevelopmentMint: Sendable {
    static let audience = "dev"
    static let subject = "dev-user"
    static let longest = 86_400

    let issuer: OwnIssuer
    private let scopes: [String]

    /// - Parameter origin: where the key set is served; becomes `iss`.
    init(origin: String, scopes: [String]) {
        issuer = OwnIssuer(issuer: origin)
        self.scopes = scopes
    }

    /// A token with every scope for a day.
    func firstToken(at now: UnixTime) throws(GateError) -> String {
        try mint(Self.subject, scopes, Self.longest, now)
    }

    /// `{"token": …}` for `{"sub": …, "scope": …, "lifetime": seconds}`, whose shape was checked; every member optional.
    func token(for wish: JSONObject?, at now: UnixTime) throws(GateError) -> [UInt8] {
        let subject = wish?["sub"]?.string ?? Self.subject
        let lifetime = wish?["lifetime"]?.number?.int ?? Self.longest
        let wanted = wish?["scope"]?.string.map { Scopes(spaceSeparated: $0).names } ?? scopes
        return JSONWriter.write(.members(("token", .string(try mint(subject, wanted, lifetime, now)))))
    }

    private func mint(_ subject: String, _ scopes: [String], _ lifetime: Int, _ now: UnixTime) throws(GateError)
        -> String
    {
        do {
            return try issuer.mint(
                subject: subject,
                scopes: scopes,
                audience: Self.audience,
                lifetime: lifetime,
                now: now
            )
        } catch {
            throw GateError(.internalError, cause: "minting")
        }
    }
}

/// Serves the development issuer's key set, as any issuer would.
final class KeySetDoor: EdgeService {
    private let document: @Sendable () -> [UInt8]

    init(document: @escaping @Sendable () -> [UInt8]) {
        self.document = document
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        _ = reply.send(status: 200, body: ByteBuffer(bytes: document())) {
            $0.writeField("content-type", "application/jwk-set+json")
        }
    }

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(status: error.status, fieldLines: [], body: [])
    }
}
