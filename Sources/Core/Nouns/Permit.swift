/// The yes of the charter: this identity may make this call.
///
/// Whatever reaches a provider asks for a permit, and only the charter can make one: the initialiser is visible to
/// code that imports Core with `@_spi(Charter)`, which the lint allows in the room Charter alone.
public struct Permit: Sendable {
    public let identity: Identity
    public let route: Route
    /// Why the charter said yes, for the journal: rule names, never claims.
    public let reasons: [String]

    @_spi(Charter)
    public init(identity: Identity, route: Route, reasons: [String]) {
        self.identity = identity
        self.route = route
        self.reasons = reasons
    }
}
