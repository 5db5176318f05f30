import OstiaryCore
import OstiaryWire

extension Call {
    /// Reads the call out of a request's head, once.
    /// - Throws: `.invalidRequest` when the client hands in two different credentials (SEC-108).
    convenience init(
        _ head: RequestHead,
        id: RequestID,
        route: Route?,
        certificate: ClientCertificate? = nil,
        peer: Peer,
        started: MonotonicTime
    ) throws(GateError) {
        self.init(
            id: id,
            method: head.method,
            route: route,
            query: head.query,
            credential: try Self.credential(head),
            certificate: certificate,
            peer: peer,
            started: started
        )
    }

    /// The credential as handed in: `Authorization: Bearer`, or `x-api-key` as the Anthropic SDKs send it. Never from
    /// query, cookie or body.
    private static func credential(_ head: RequestHead) throws(GateError) -> Credential? {
        let bearer = head.withValue(.authorization, bearerToken)
        let apiKey = head.value(.apiKey)
        switch (bearer, apiKey) {
        case (nil, nil): return nil
        case (nil, let key?): return Credential(place: .apiKey, bytes: key)
        case (let token?, nil): return Credential(place: .authorization, bytes: token)
        case (let token?, let key?):
            guard token == key else {
                throw GateError(
                    .invalidRequest,
                    cause: "two_credentials",
                    detail: "Authorization and x-api-key hold different credentials; send one"
                )
            }
            return Credential(place: .authorization, bytes: token)
        }
    }

    /// The token behind `Bearer`, the scheme in any case and one space; nothing for a value of another form, which
    /// then fails as a bad token and not as a missing one.
    private static func bearerToken(_ value: Span<UInt8>) -> [UInt8] {
        let scheme = "bearer".utf8
        guard value.count > scheme.count + 1, value[scheme.count] == 0x20,
            zip(0..<scheme.count, scheme).allSatisfy({ value[$0] | 0x20 == $1 })
        else { return [] }
        return value.extracting(scheme.count + 1..<value.count).withUnsafeBufferPointer { Array($0) }
    }
}
