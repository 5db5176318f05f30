@_spi(Charter) public import OstiaryCore

extension Permit {
    /// A permit as the charter would make it, for rooms that only pass one on.
    public static func sample(
        _ pseudonym: Pseudonym = Pseudonym(high: 0, low: 0),
        narrowing: Narrowing? = nil,
        route: Route = Route(path: "/v1/chat/completions", methods: [.post], access: .known(.chat))
    ) -> Permit {
        Permit(
            identity: Identity(
                issuer: "",
                subject: "",
                means: .bearer(algorithm: "ES256"),
                expires: UnixTime(seconds: 2_000_000_000),
                scopes: Scopes([]),
                pseudonym: pseudonym,
                claims: .null,
                narrowing: narrowing
            ),
            route: route,
            reasons: []
        )
    }
}
