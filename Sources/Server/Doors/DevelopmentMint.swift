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

    let issuer: DevelopmentIssuer
    private let scopes: [String]

    /// - Parameter origin: where the key set is served; becomes `iss`.
    init(origin: String, scopes: [String]) {
        issuer = DevelopmentIssuer(issuer: origin)
        self.scopes = scopes
    }

    /// A token with every scope for a day.
    func firstToken(at now: UnixTime) throws(GateError) -> String {
        try mint(Self.subject, scopes, Self.longest, now)
    }

    /// Answers `{"sub": …, "scope": …, "lifetime": seconds}`, every member optional, with `{"token": …}`.
    func token(for body: RequestBody, at now: UnixTime) async throws(GateError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            bytes.append(contentsOf: piece.readableBytesView)
            guard bytes.count <= 4096 else { throw GateError(.bodyTooLarge) }
        }
        var members = JSONObject(members: [])
        if !bytes.isEmpty {
            guard let object = try? JSONReader.read(bytes.span).object else {
                throw Self.refusal("the body is not a JSON object")
            }
            members = object
        }
        let subject = try Self.text("sub", of: members) ?? Self.subject
        let scope = try Self.text("scope", of: members)
        var lifetime = Self.longest
        if let given = members["lifetime"] {
            guard let seconds = given.number?.int else { throw Self.refusal("lifetime is not a whole number") }
            lifetime = seconds
        }
        guard (1...255).contains(subject.utf8.count), (1...Self.longest).contains(lifetime) else {
            throw Self.refusal("sub has 1 to 255 bytes, lifetime 1 to 86400 seconds")
        }
        let wanted = scope.map { Scopes(spaceSeparated: $0).names } ?? scopes
        return JSONWriter.write(.members(("token", .string(try mint(subject, wanted, lifetime, now)))))
    }

    /// A member that must be text where it is given: a token with other rights than were asked for helps nobody.
    private static func text(_ name: StaticString, of members: JSONObject) throws(GateError) -> String? {
        guard let value = members["\(name)"] else { return nil }
        guard let text = value.string else { throw refusal("\(name) is not text") }
        return text
    }

    private static func refusal(_ detail: String) -> GateError {
        GateError(.invalidRequest, cause: "token_request", detail: detail)
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
