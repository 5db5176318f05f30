import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryWire

extension Assembly {
    /// Development mode's issuer needs its own address before it can name itself in tokens.
    func openKeySetDoor(
        _ crew: Crew
    ) async throws(Running.Failure) -> (mint: DevelopmentMint, listener: Listener)? {
        guard mode == .development else { return nil }
        let document = Later<[UInt8]>([])
        let listener = try await Opening.listen(
            on: Configuration.Address(host: "127.0.0.1", port: 0),
            Door(limits: EdgeLimits()),
            crew
        ) { _ in KeySetDoor { document.value } }
        let scopes = Set((configuration.scopes.first?.scopes ?? Charter.defaultScopes).values.flatMap(\.names))
        let mint = DevelopmentMint(origin: "http://127.0.0.1:\(listener.port ?? 0)", scopes: scopes.sorted())
        document.value = mint.issuer.keySetDocument
        return (mint, listener)
    }
}
