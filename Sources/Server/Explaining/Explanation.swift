import OstiaryCharter
public import OstiaryCore
import OstiaryIdentity
import OstiaryModels

/// What the corridor would decide about a call that is not made: the same route table, charter and model table, and
/// nothing else of a gate. Nobody is asked and no key is read.
public struct Explanation: Sendable {
    /// One decision, or what follows from one.
    public struct Line: Hashable, Sendable {
        public let subject: String
        public let words: String
    }

    public private(set) var lines: [Line] = []
    /// Whether a provider would be asked, or the gate would answer by itself.
    public private(set) var isAllowed = true

    /// A call that may be made.
    public struct Question: Sendable {
        let method: OstiaryCore.Method
        let path: String
        let user: String?
        let scopes: [String]
        let model: String?

        public init(method: OstiaryCore.Method, path: String, user: String?, scopes: [String], model: String?) {
            self.method = method
            self.path = path
            self.user = user
            self.scopes = scopes
            self.model = model
        }
    }

    /// - Throws: `Running.Failure` for a configuration that no gate starts with.
    public init(_ question: Question, in configuration: Configuration) throws(Running.Failure) {
        try decide(question, configuration)
    }

    private mutating func decide(_ question: Question, _ configuration: Configuration) throws(Running.Failure) {
        let path = Array(question.path.utf8.prefix { $0 != UInt8(ascii: "?") })
        let route = Routes.find(path.span)
        guard let route else {
            say("route", "no route has this path")
            return refuse(.notFound)
        }
        let who =
            switch route.access {
            case .open: "open to all"
            case .assertion: "for whoever brings an assertion that a trust rule believes"
            case .known(let kind): "for known callers with the scopes of \(kind.rawValue)"
            }
        say("route", "\(question.method.rawValue) \(route.path), \(who)")
        guard route.kind != nil else { return }
        guard permit(question, route, configuration) else { return }
        limits(configuration)
        guard let api = route.api else { return }
        try model(question.model, api, configuration)
    }

    private mutating func say(_ subject: String, _ words: String) {
        lines.append(Line(subject: subject, words: words))
    }

    private mutating func refuse(_ code: GateError.Code) {
        isAllowed = false
        say("refused", "\(code.entry.status) \(code.rawValue): \(code.entry.hint)")
    }

    // MARK: May it?

    private mutating func permit(_ question: Question, _ route: Route, _ configuration: Configuration) -> Bool {
        let rules = configuration.scopes
        let issuers = rules.isEmpty ? [nil] : rules.map(\.issuer)
        guard let charter = try? rules.isEmpty ? Charter() : Charter(issuers: rules) else {
            refuse(.insufficientScope)
            return false
        }
        var isAnyAllowed = false
        var last = GateError.Code.insufficientScope
        for issuer in issuers {
            let call = Call(
                id: RequestID(high: 0, low: 0),
                method: question.method,
                route: route,
                query: [],
                credential: nil,
                peer: Peer(address: ""),
                started: MonotonicTime(nanoseconds: 0)
            )
            let identity = Identity(
                issuer: issuer ?? "",
                subject: question.user ?? "",
                means: .key,
                expires: UnixTime(seconds: .greatestFiniteMagnitude),
                scopes: Scopes(question.scopes),
                pseudonym: Pseudonym(high: 0, low: 0),
                claims: .null
            )
            let name = "\(question.user ?? "a caller") of \(issuer ?? "any issuer")"
            do throws(GateError) {
                _ = try charter.permit(identity, call)
                say("caller", "\(name) may, with the scopes \(question.scopes.joined(separator: " "))")
                isAnyAllowed = true
            } catch {
                last = error.code
                say("caller", "\(name) may not: \(error.code.rawValue)" + (error.challenge.map { ", \($0)" } ?? ""))
            }
        }
        if !isAnyAllowed { refuse(last) }
        return isAnyAllowed
    }

    private mutating func limits(_ configuration: Configuration) {
        let limits = configuration.limits
        let rate =
            limits.requestsPerMinute == 0
            ? "no rate" : "\(limits.requestsPerMinute) requests a minute, \(limits.burst) at once"
        say("limits", "\(rate), \(limits.concurrent) in flight")
    }

    // MARK: Which model?

    private mutating func model(
        _ name: String?,
        _ api: Route.API,
        _ configuration: Configuration
    ) throws(Running.Failure) {
        guard api != .models else { return say("answer", "the list of models, in the client's words") }
        guard let name else { return say("model", "name one with --model to see where it goes") }
        let choice: ModelChoice
        do {
            choice = try configuration.modelTable().choose(name)
        } catch let error as GateError {
            return refuse(error.code)
        } catch {
            throw .other("\(error)")
        }
        say("model", "\(name) is decided by `models.\(choice.entry)`")
        guard api != .model else { return say("answer", "the model, in the client's words") }
        var targets = [ModelRules.Target(provider: choice.provider, upstreamName: choice.upstreamName)]
        if let rules = choice.rules {
            targets += rules.targets.dropFirst()
            say("choice", rules.targets.count > 1 ? "by \(rules.choice.rawValue), the others follow" : "there is one")
            if let reasoning = rules.reasoningName { say("thinking", "\(reasoning) where an effort is high") }
        }
        var isServed = false
        for (index, target) in targets.enumerated() {
            guard let provider = configuration.providers.first(where: { $0.name.hasSameBytes(as: target.provider) })
            else { continue }
            let words = Self.lane(provider, api)
            isServed = isServed || words != nil
            let key = provider.key.map { "key from \($0)" } ?? "no key"
            say(
                "provider \(index + 1)",
                "\(provider.name) (\(provider.kind.rawValue)) as \(target.upstreamName ?? name): "
                    + "\(words ?? "does not serve this API"); \(key)"
                    + (provider.retries > 0 ? "; \(provider.retries) repetitions" : "")
            )
        }
        if !isServed { refuse(.apiNotOffered) }
    }

    /// How a question in this API gets to a provider; `nil` for not at all.
    private static func lane(_ provider: Configuration.Provider, _ api: Route.API) -> String? {
        let traits = provider.traits
        if traits.apis.contains(api) { return "bytes pass" }
        if api == .tokenCount { return "the gate estimates" }
        guard api.isTranslatable else { return nil }
        return
            "translated to \(traits.dialect.rawValue), what is lost is \(provider.onLoss == .report ? "named" : "refused")"
    }
}

extension Configuration {
    /// Which model goes where.
    func modelTable() throws(ModelTableFaults) -> ModelTable {
        let entries = models.map {
            ModelTable.Entry(key: $0.name, provider: $0.provider, upstreamName: $0.upstream, rules: $0.rules)
        }
        return try ModelTable(entries, providers: providers.map(\.name))
    }
}
