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

    /// What the tokens of one issuer need.
    private struct Rules: Sendable {
        /// `nil` serves every issuer.
        let issuer: String?
        let chat: ScopeRule
        let models: ScopeRule
    }

    private let rules: [Rules]
    private let open = ["open route"]

    /// One set of rules for every issuer.
    /// - Parameter scopes: what each kind of route asks for; a kind that is missing asks for nothing.
    /// - Throws: `InvalidScope` for a name that RFC 6749 section 3.3 does not allow, as no token could hold it and no
    ///   challenge could carry it.
    public init(scopes: [Route.Kind: Scopes] = Charter.defaultScopes) throws(InvalidScope) {
        try self.init(issuers: [(issuer: nil, scopes: scopes)])
    }

    /// Rules for each issuer; one without a name serves all that are not listed before it. An issuer without rules may
    /// enter nowhere.
    public init(issuers: [(issuer: String?, scopes: [Route.Kind: Scopes])]) throws(InvalidScope) {
        var rules: [Rules] = []
        for (issuer, scopes) in issuers {
            rules.append(
                Rules(
                    issuer: issuer,
                    chat: try ScopeRule(kind: .chat, needed: scopes[.chat] ?? Scopes([])),
                    models: try ScopeRule(kind: .models, needed: scopes[.models] ?? Scopes([]))
                )
            )
        }
        self.rules = rules
    }

    /// The yes for this call, or the reason for the no: `not_found`, `method_not_allowed` or `insufficient_scope`.
    public func permit(_ identity: Identity, _ call: Call) throws(GateError) -> Permit {
        // Where the token endpoint is open, nobody comes by here for it; where it is not, there is none.
        guard let route = call.route, route.access != .assertion else { throw GateError(.notFound) }
        guard route.serves(call.method) else {
            throw GateError(.methodNotAllowed, allow: route.allowed)
        }
        guard let kind = route.kind else { return Permit(identity: identity, route: route, reasons: open) }
        guard let rule = rule(for: kind, of: identity) else {
            throw GateError(.insufficientScope, cause: "issuer_without_rules")
        }
        guard identity.scopes.containsAll(of: rule.needed) else {
            throw GateError(.insufficientScope, challenge: rule.challenge)
        }
        return Permit(identity: identity, route: route, reasons: rule.reasons)
    }

    /// Whether the permit holds for the model that the client named, which is known only when the body is.
    /// - Throws: `model_not_allowed`, naming the rule and what it allows.
    public func check(_ permit: Permit, model: String) throws(GateError) {
        guard let narrowing = permit.identity.narrowing, !narrowing.allows(model: model) else { return }
        let allowed = narrowing.models?.joined(separator: ", ") ?? ""
        throw GateError(
            .modelNotAllowed,
            detail: "\(narrowing.rule) is for " + (allowed.isEmpty ? "no model" : allowed)
        )
    }

    // A switch and no dictionary: a new kind of route does not compile until somebody decides who may enter.
    private func rule(for kind: Route.Kind, of identity: Identity) -> ScopeRule? {
        let index = rules.indices.first { index in
            rules[index].issuer.map { $0.hasSameBytes(as: identity.issuer) } ?? true
        }
        guard let index else { return nil }
        return switch kind {
        case .chat: rules[index].chat
        case .models: rules[index].models
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
