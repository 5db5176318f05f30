public import OstiaryCore
public import OstiaryWire

/// Which model, in which dialect: finds the provider for what a client asks and begins the exchange with it.
public final class Models: Sendable {
    /// A configured provider.
    public enum Destination: Sendable {
        case http(HTTPProvider)
        /// The built-in model.
        case echo

        var traits: ProviderTraits {
            switch self {
            case .http(let provider): provider.traits
            case .echo: ProviderCatalogue.traits(of: .echo)
            }
        }

        /// Whether it has an API in its own words.
        func serves(_ api: Route.API) -> Bool { traits.apis.contains(api) }

        /// Whether a question in this API can be put to it, in its own words or in others.
        func takes(_ api: Route.API) -> Bool { serves(api) || api.dialect != nil }
    }

    /// Somebody who may answer a question, and under which name.
    struct Target: Sendable {
        let provider: String
        let destination: Destination
        let upstreamName: String
        /// `nil` for a model with nothing but a provider and a name.
        let rules: ModelRules?

        /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
        var credential: String? { http == nil || http?.takesKey == false ? nil : provider }
        var retries: Int { http?.retries ?? 0 }
        var latency: LatencyGauge? { http?.latency }

        /// Takes one repetition out of the provider's budget; false when there is none left.
        func takeRetry(at now: MonotonicTime) -> Bool { http?.takeRetry(at: now) ?? false }

        private var http: HTTPProvider? { if case .http(let provider) = destination { provider } else { nil } }
    }

    /// What the room is given from outside.
    public struct Surroundings: Sendable {
        let held: HeldBodies
        let clock: any GateClock
        /// Names that stand for a caller towards providers; `nil` for none.
        let marks: (@Sendable (Permit) -> CallerMarks)?
        /// A number below its argument, by lot.
        let draw: @Sendable (Int) -> Int

        public init(
            held: HeldBodies,
            clock: any GateClock,
            marks: (@Sendable (Permit) -> CallerMarks)? = nil,
            draw: @escaping @Sendable (Int) -> Int = { Int.random(in: 0..<max(1, $0)) }
        ) {
            self.held = held
            self.clock = clock
            self.marks = marks
            self.draw = draw
        }
    }

    let table: ModelTable
    let destinations: [String: Destination]
    let surroundings: Surroundings
    let figures = AttemptFigures()
    /// The APIs whose requests may hold thoughts under a signature of the gate's own.
    let markedAPIs: Set<Route.API>
    /// Which questions have failed before their clients.
    let failed = RepeatedQuestions()
    /// When the gate began to offer what it lists.
    public let started: UnixTime

    var held: HeldBodies { surroundings.held }
    var clock: any GateClock { surroundings.clock }

    public init(
        table: ModelTable,
        destinations: [String: Destination],
        surroundings: Surroundings,
        started: UnixTime? = nil
    ) {
        self.table = table
        self.destinations = destinations
        markedAPIs = Self.markedAPIs(destinations)
        self.surroundings = surroundings
        self.started = started ?? surroundings.clock.now
    }

    // MARK: The question

    /// The question of a permitted call, when all that it needs is here: no body, or a whole one. `nil` while the body
    /// has to be waited for.
    public func questionAtHand(
        _ call: Call,
        _ body: RequestBody,
        for permit: Permit,
        reading readers: BodyReaders,
        at now: @autoclosure () -> MonotonicTime
    ) throws(GateError) -> Question? {
        switch permit.route.api {
        case .models:
            return Question(subject: .list, provider: listingProvider, destination: listingProvider.flatMap(find))
        case .model:
            let name = call.subject ?? ""
            let choice = try table.choose(name)
            return Question(subject: .model(listed(name, choice.provider, choice.rules)), entry: choice.entry)
        default:
            guard let asked = try Asked.atHand(body, with: readers) else { return nil }
            return try question(asked, try table.choose(asked.facts.model), for: permit.route, at: now())
        }
    }

    /// The question of a permitted call whose body is still coming, read as far as needed.
    public func question(
        _ body: RequestBody,
        for route: Route,
        at now: @autoclosure () -> MonotonicTime
    ) async throws(GateError) -> Question {
        var asked = try await Asked.gather(body, holding: held)
        let choice = try table.choose(asked.facts.model)
        // Who may have to ask twice keeps what he asks.
        if choice.rules != nil || retries(choice) > 0 { asked = try await asked.gathered(holding: held) }
        return try question(asked, choice, for: route, at: now())
    }

    private func retries(_ choice: ModelChoice) -> Int {
        if case .http(let provider) = find(choice.provider) { provider.retries } else { 0 }
    }

    private func question(
        _ asked: Asked,
        _ choice: ModelChoice,
        for route: Route,
        at now: @autoclosure () -> MonotonicTime
    ) throws(GateError) -> Question {
        guard let api = route.api else { throw GateError(.apiNotOffered) }
        var first = try target(choice.provider, choice.upstreamName, choice.rules)
        var others: [Target] = []
        if let rules = choice.rules {
            var targets = try targets(asked, choice, rules, at: now())
            if api != .tokenCount { targets.removeAll { !$0.destination.takes(api) } }
            guard !targets.isEmpty else { throw GateError(.apiNotOffered) }
            first = targets.removeFirst()
            others = targets
        }
        guard first.destination.takes(api) else {
            guard api == .tokenCount else { throw GateError(.apiNotOffered) }
            return Question(subject: .count(asked), entry: choice.entry)
        }
        return Question(
            subject: .conversation(asked, first, others: others),
            provider: first.provider,
            destination: first.destination,
            entry: choice.entry
        )
    }

    /// Who may answer, in the order in which they are asked.
    private func targets(
        _ asked: Asked,
        _ choice: ModelChoice,
        _ rules: ModelRules,
        at time: MonotonicTime
    ) throws(GateError) -> [Target] {
        let order = TargetOrder(
            choice: rules.choice,
            draw: surroundings.draw,
            load: { [destinations] in
                if case .http(let provider) = destinations[$0] { provider.latency.load(at: time) } else { 0 }
            },
            isAvoided: { [destinations] in
                guard case .http(let provider) = destinations[$0] else { return false }
                return provider.target.breaker?.report(at: time).state == .open
            }
        )
        let isThoughtful = rules.reasoningName != nil && asked.body.withReadableSpan(ThoughtWish.isStrong)
        var targets: [Target] = []
        for position in order.positions(rules.targets) {
            let other = rules.targets[position]
            var name = position == 0 ? choice.upstreamName : other.upstreamName ?? asked.facts.model
            if position == 0, isThoughtful, let reasoning = rules.reasoningName { name = reasoning }
            targets.append(try target(other.provider, name, rules))
        }
        return targets
    }

    private func target(
        _ provider: String,
        _ upstreamName: String,
        _ rules: ModelRules?
    ) throws(GateError) -> Target {
        guard let destination = find(provider) else { throw GateError(.modelNotFound, cause: "provider_missing") }
        return Target(provider: provider, destination: destination, upstreamName: upstreamName, rules: rules)
    }

    func find(_ provider: String) -> Destination? { destinations[provider] }
}
