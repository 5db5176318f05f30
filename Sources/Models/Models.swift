import NIOCore
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

    private let table: ModelTable
    private let destinations: [String: Destination]
    private let surroundings: Surroundings
    let figures = AttemptFigures()
    /// When the gate began to offer what it lists.
    public let started: UnixTime

    private var held: HeldBodies { surroundings.held }
    var clock: any GateClock { surroundings.clock }

    public init(
        table: ModelTable,
        destinations: [String: Destination],
        surroundings: Surroundings,
        started: UnixTime? = nil
    ) {
        self.table = table
        self.destinations = destinations
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

    // MARK: Asking

    /// Puts the question to its provider. The asker is told when the answer begins, before this returns where the gate
    /// answers by itself.
    /// - Parameters:
    ///   - key: the provider's key; `nil` for a provider that takes none.
    ///   - client: the exchange's end cancels the request.
    public func ask(
        _ question: Question,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker
    ) {
        switch (question.subject, question.destination) {
        case (.list, .http(let provider)):
            list(provider, call, head, permit, key, client: client, on: worker, for: asker)
        case (.list, _):
            let page = AnthropicModelsBody.Page(query: call.query)
            let document = ModelsDocument.list(ownList, for: call.family, created: started, page: page)
            asker.answered(ModelAnswer(.document(document), for: permit.route))
        case (.model(let model), _):
            let document = ModelsDocument.one(model, for: call.family, created: started)
            asker.answered(ModelAnswer(.document(document), for: permit.route))
        case (.count(let asked), _):
            client.run { [held] in
                do throws(GateError) {
                    let script = try TokenCount.answer(await asked.whole(holding: held))
                    asker.answered(ModelAnswer(script, for: permit.route))
                } catch {
                    asker.failed(error)
                }
            }
        case (.conversation(let asked, let first, let others), _):
            guard !others.isEmpty || first.retries > 0 else {
                return put(asked, to: first, call, head, permit, key, client: client, on: worker, for: asker)
            }
            let attempts = Attempts(
                self,
                [first] + others,
                asked,
                call,
                head,
                permit,
                client: client,
                on: worker,
                for: asker
            )
            attempts.begin(key)
        }
    }

    /// Puts a question to one who may answer it, in his own words.
    func put(
        _ asked: Asked,
        to target: Target,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker,
        attempts: Attempts? = nil
    ) {
        guard case .http(let provider) = target.destination else {
            return client.run { [clock, held] in
                do throws(GateError) {
                    let script = try await EchoModel.answer(asked, permit.route, call, at: clock.now, holding: held)
                    asker.answered(ModelAnswer(script, for: permit.route))
                } catch {
                    asker.failed(error)
                }
            }
        }
        guard let api = permit.route.api, !provider.traits.apis.contains(api) else {
            let again = ProviderExchange.Again(dialler: worker.dialler) { key in
                provider.request(asked, call, head: head, as: target.upstreamName, permit: permit, key: key)
            }
            let request = again.request(key)
            let exchange = ProviderExchange(
                provider,
                permit.route,
                call.family,
                key,
                client,
                asker,
                again: asked.isWhole ? again : nil
            )
            exchange.attempts = attempts
            return worker.dialler.exchange(request, rest: asked.rest, client: client, for: exchange)
        }
        let kept = KeptLoan(key)
        let begin = { [self] (body: ByteBuffer) throws(GateError) in
            try translate(
                body,
                asked,
                to: target,
                provider,
                call,
                head,
                permit,
                kept.loan.take(),
                client,
                worker,
                asker,
                attempts
            )
        }
        do throws(GateError) {
            if asked.isWhole { return try begin(asked.body) }
        } catch {
            return asker.failed(error)
        }
        client.run { [held] in
            do throws(GateError) {
                try begin(await asked.whole(holding: held))
            } catch {
                asker.failed(error)
            }
        }
    }

    private func translate(
        _ body: ByteBuffer,
        _ asked: Asked,
        to target: Target,
        _ provider: HTTPProvider,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ worker: Worker,
        _ asker: any Asker,
        _ attempts: Attempts?
    ) throws(GateError) {
        var profile = provider.traits.profile
        if let most = target.rules?.longestOutput { profile.mostOutput = most }
        let context = Translation.Context(
            profile: profile,
            onLoss: target.rules?.onLoss ?? provider.onLoss,
            marks: surroundings.marks?(permit),
            now: clock.now
        )
        let dialect = provider.traits.dialect
        let lane = try TranslatedLane(body, permit.route, to: dialect, as: target.upstreamName, context)
        let again = ProviderExchange.Again(dialler: worker.dialler) { key in
            provider.request(
                lane.request.bytes,
                TranslatedLane.path(dialect),
                call,
                head: head,
                permit: permit,
                key: key
            )
        }
        let request = again.request(key)
        let exchange = ProviderExchange(provider, permit.route, call.family, key, client, asker, again: again)
        exchange.lane = lane
        exchange.attempts = attempts
        worker.dialler.exchange(request, rest: nil, client: client, for: exchange)
    }

    private func list(
        _ provider: HTTPProvider,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker
    ) {
        let again = ProviderExchange.Again(dialler: worker.dialler) { key in
            provider.request(call, head: head, permit: permit, key: key)
        }
        let request = again.request(key)
        let exchange = ProviderExchange(provider, permit.route, call.family, key, client, asker, again: again)
        if provider.traits.family != call.family {
            exchange.list = ListReader(provider.name, call, permit.route, created: started)
        }
        worker.dialler.exchange(request, rest: nil, client: client, for: exchange)
    }

    // MARK: Lists and figures

    /// The provider whose own list is the answer to `GET /v1/models`: a sole one behind patterns. Otherwise the gate
    /// lists the names of its configuration.
    private var listingProvider: String? {
        guard table.names.isEmpty, destinations.count == 1 else { return nil }
        return destinations.keys.first
    }

    private func find(_ provider: String) -> Destination? { destinations[provider] }

    private func listed(_ name: String, _ provider: String, _ rules: ModelRules?) -> ModelsListBody.Model {
        ModelsListBody.Model(
            name: name,
            owner: provider,
            longestInput: rules?.longestInput,
            longestOutput: rules?.longestOutput
        )
    }

    /// The names of the configuration, and the built-in model's where a pattern reaches it.
    private var ownList: [ModelsListBody.Model] {
        var models = table.names.map { listed($0.key, $0.provider, $0.rules) }
        for name in EchoModel.names where !models.contains(where: { $0.name == name }) {
            guard let choice = try? table.choose(name), case .echo = destinations[choice.provider] else { continue }
            models.append(ModelsListBody.Model(name: name, owner: choice.provider))
        }
        return models
    }

    public var instruments: [Instrument] {
        held.instruments + figures.instruments + breakers.flatMap { $0.breaker.instruments(provider: $0.name) }
    }

    /// The providers behind a network and how each of them is, by name.
    public func reports(at now: MonotonicTime) -> [(provider: String, report: Breaker.Report)] {
        breakers.map { ($0.name, $0.breaker.report(at: now)) }
    }

    private var breakers: [(name: String, breaker: Breaker)] {
        destinations.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            guard case .http(let provider) = destinations[name], let breaker = provider.target.breaker else {
                return nil
            }
            return (name, breaker)
        }
    }
}

/// Carries a loan, which cannot be copied, to where it is needed.
private final class KeptLoan {
    var loan: Loan?
    init(_ loan: consuming Loan?) { self.loan = consume loan }
}

/// What a client asks, and whom.
public struct Question {
    enum Subject {
        /// Which models there are.
        case list
        /// Whether there is this one.
        case model(ModelsListBody.Model)
        /// How many tokens a conversation is, by the gate's own estimate.
        case count(Asked)
        /// A conversation, who is asked, and who else may be when that one fails.
        case conversation(Asked, Models.Target, others: [Models.Target])
    }

    let subject: Subject
    /// The provider's configured name; `nil` when the gate answers by itself.
    public let provider: String?
    /// What that name stands for.
    let destination: Models.Destination?
    /// The configuration entry that matched, for journal and metrics.
    public let entry: String?

    init(
        subject: Subject,
        provider: String? = nil,
        destination: Models.Destination? = nil,
        entry: String? = nil
    ) {
        self.subject = subject
        self.provider = provider
        self.destination = destination
        self.entry = entry
    }

    /// The model as the client named it; `nil` for a question about none.
    public var model: String? {
        switch subject {
        case .list: nil
        case .model(let model): model.name
        case .count(let asked), .conversation(let asked, _, _): asked.facts.model
        }
    }

    /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
    public var credential: String? {
        guard case .http(let provider) = destination, provider.takesKey else { return nil }
        return self.provider
    }
}
