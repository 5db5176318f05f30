@_spi(Charter) public import OstiaryCore

/// Says whether a known caller may make a call: the route exists, serves the method, and the caller holds every scope
/// that the route's kind asks for.
///
/// The only room that makes permits. A value, made from the configuration at start and at reload; asking it allocates
/// nothing when the answer is yes.
public struct Charter: Sendable {
    /// The scopes asked for where the configuration names none.
    public static let defaultScopes: [Route.Kind: Scopes] = [
        .chat: Scopes(["inference"]),
        .models: Scopes(["inference"]),
    ]

    private let chat: ScopeRule
    private let models: ScopeRule
    private let open = ["open route"]

    /// - Parameter scopes: what each kind of route asks for; a kind that is missing asks for nothing.
    /// - Throws: `InvalidScope` for a name that RFC 6749 section 3.3 does not allow, as no token could hold it and no
    ///   challenge could carry it.
    public init(scopes: [Route.Kind: Scopes] = Charter.defaultScopes) throws(InvalidScope) {
        chat = try ScopeRule(kind: .chat, needed: scopes[.chat] ?? Scopes([]))
        models = try ScopeRule(kind: .models, needed: scopes[.models] ?? Scopes([]))
    }

    /// The yes for this call, or the reason for the no: `not_found`, `method_not_allowed` or `insufficient_scope`.
    public func permit(_ identity: Identity, _ call: Call) throws(GateError) -> Permit {
        guard let route = call.route else { throw GateError(.notFound) }
        guard route.serves(call.method) else {
            throw GateError(.methodNotAllowed, allow: route.allowed)
        }
        guard let kind = route.kind else { return Permit(identity: identity, route: route, reasons: open) }
        let rule = rule(for: kind)
        guard identity.scopes.containsAll(of: rule.needed) else {
            throw GateError(.insufficientScope, challenge: rule.challenge)
        }
        return Permit(identity: identity, route: route, reasons: rule.reasons)
    }

    // A switch and no dictionary: a new kind of route does not compile until somebody decides who may enter.
    private func rule(for kind: Route.Kind) -> ScopeRule {
        switch kind {
        case .chat: chat
        case .models: models
        }
    }
}

extension Route {
    /// Whether the route answers this method. HEAD is served wherever GET is (RFC 9110 section 9.3.2).
    fileprivate func serves(_ method: Method) -> Bool {
        methods.contains(method) || (method == .head && methods.contains(.get))
    }

    /// The methods for an `Allow` field, HEAD included where it is served.
    fileprivate var allowed: [Method] {
        Method.allCases.filter(serves)
    }
}
