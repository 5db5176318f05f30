import OstiaryCore
import OstiaryIdentity
import OstiaryWire

extension Call {
    /// Reads the call out of a request's head, once.
    /// - Throws: `.invalidRequest` when the client hands in two different credentials and is none that has to (SEC-108).
    convenience init(
        _ head: RequestHead,
        id: RequestID,
        route: Route?,
        family: APIFamily,
        certificate: ClientCertificate? = nil,
        peer: Peer,
        started: MonotonicTime
    ) throws(GateError) {
        let (credential, rival) = try Self.credentials(head)
        self.init(
            id: id,
            method: head.method,
            route: route,
            family: family,
            subject: route?.api == .model ? Self.subject(head, route) : nil,
            query: head.query,
            credential: credential,
            rival: rival,
            certificate: certificate,
            peer: peer,
            started: started
        )
    }

    /// What stands in the place of the route's `{id}`.
    private static func subject(_ head: RequestHead, _ route: Route?) -> String? {
        head.withPath { path in
            guard let route, let place = Routes.subject(path, of: route) else { return nil }
            let written = path.extracting(place).withUnsafeBufferPointer { Array($0) }
            return String(decoding: PercentEncoding.decoded(written), as: UTF8.self)
        }
    }

    /// The credential as handed in: `Authorization: Bearer`, or `x-api-key` as the Anthropic SDKs send it. Never from
    /// query, cookie or body.
    ///
    /// Two different ones leave no one to believe. But Claude Code sends both, and with different values where it has a key
    /// of its own beside the helper's. So of a client that speaks Anthropic's API the first that has the form of a
    /// credential of this gate counts, and a second one that has it too is its rival; what has not is passed over beside
    /// one that has. An empty one is none.
    private static func credentials(_ head: RequestHead) throws(GateError) -> (Credential?, rival: Credential?) {
        let bearer = head.withValue(.authorization, bearerToken)
        guard head.has(.apiKey), let key = head.value(.apiKey) else { return (bearer, nil) }
        let apiKey = Credential(place: .apiKey, bytes: key)
        guard let bearer else { return (apiKey, nil) }
        if apiKey.bytes.isEmpty || bearer.bytes == apiKey.bytes { return (bearer, nil) }
        if bearer.bytes.isEmpty, bearer.place == .authorization { return (apiKey, nil) }
        guard head.has(.anthropicVersion) else {
            throw GateError(
                .invalidRequest,
                cause: "two_credentials",
                detail: "two credentials: Authorization and x-api-key differ; send one"
            )
        }
        if bearer.bytes.isEmpty { return (apiKey, nil) }
        guard TokenForm.fits(apiKey.bytes) else { return (bearer, nil) }
        return TokenForm.fits(bearer.bytes) ? (bearer, apiKey) : (apiKey, nil)
    }

    /// The token behind `Bearer`, the scheme in any case and one space; nothing for a value of another form, which
    /// then fails as a bad token and not as a missing one.
    private static func bearerToken(_ value: Span<UInt8>) -> Credential {
        let scheme = "bearer".utf8
        guard !value.isEmpty else { return Credential(place: .authorization, bytes: []) }
        guard value.count >= scheme.count, zip(0..<scheme.count, scheme).allSatisfy({ value[$0] | 0x20 == $1 }) else {
            return Credential(place: .otherScheme, bytes: [])
        }
        // White space at the end is not part of the value, so this is what a helper that printed nothing leaves.
        if value.count == scheme.count { return Credential(place: .authorization, bytes: []) }
        guard value.count > scheme.count + 1, value[scheme.count] == 0x20 else {
            return Credential(place: .otherScheme, bytes: [])
        }
        let token = value.extracting(scheme.count + 1..<value.count)
        return Credential(place: .authorization, bytes: token.withUnsafeBufferPointer { Array($0) })
    }
}
