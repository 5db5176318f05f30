public import OstiaryCore
public import OstiaryWire

/// Which model, in which dialect: finds the provider for what a client asks and begins the exchange with it.
public final class Models: Sendable {
    /// A configured provider.
    public enum Destination: Sendable {
        case http(HTTPProvider)
        /// The built-in model.
        case echo
    }

    private let table: ModelTable
    private let destinations: [String: Destination]
    private let held: HeldBodies
    private let clock: any GateClock
    /// When the gate began to offer what it lists.
    public let started: UnixTime

    public init(
        table: ModelTable,
        destinations: [String: Destination],
        held: HeldBodies,
        clock: any GateClock,
        started: UnixTime? = nil
    ) {
        self.table = table
        self.destinations = destinations
        self.held = held
        self.clock = clock
        self.started = started ?? clock.now
    }

    /// The question of a permitted call, when all that it needs is here: no body, or a whole one. `nil` while the body
    /// has to be waited for.
    public func questionAtHand(
        _ call: Call,
        _ body: RequestBody,
        for permit: Permit,
        reading readers: BodyReaders
    ) throws(GateError) -> Question? {
        switch permit.route.kind {
        case .models:
            return Question(subject: .list, provider: listingProvider, destination: listingProvider.flatMap(find))
        case .chat, nil:
            guard let asked = try Asked.atHand(body, with: readers) else { return nil }
            return try question(asked)
        }
    }

    /// The question of a permitted call whose body is still coming, read as far as needed.
    public func question(_ body: RequestBody) async throws(GateError) -> Question {
        try question(await Asked.gather(body, holding: held))
    }

    private func question(_ asked: Asked) throws(GateError) -> Question {
        let choice = try table.choose(asked.facts.model)
        guard let destination = find(choice.provider) else {
            throw GateError(.modelNotFound, cause: "provider_missing")
        }
        return Question(
            subject: .conversation(asked, upstreamName: choice.upstreamName),
            provider: choice.provider,
            destination: destination,
            entry: choice.entry
        )
    }

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
            let again = ProviderExchange.Again(dialler: worker.dialler) { key in
                provider.request(call, head: head, permit: permit, key: key)
            }
            let request = again.request(key)
            let exchange = ProviderExchange(provider, permit.route, key, client, asker, again: again)
            worker.dialler.exchange(request, rest: nil, client: client, for: exchange)
        case (.list, _):
            asker.answered(ModelAnswer(ownList, for: permit.route))
        case (.conversation(let asked, let upstreamName), .http(let provider)):
            let again = ProviderExchange.Again(dialler: worker.dialler) { key in
                provider.request(asked, call, head: head, as: upstreamName, permit: permit, key: key)
            }
            let request = again.request(key)
            let exchange = ProviderExchange(
                provider,
                permit.route,
                key,
                client,
                asker,
                again: asked.isWhole ? again : nil
            )
            worker.dialler.exchange(request, rest: asked.rest, client: client, for: exchange)
        case (.conversation(let asked, _), _):
            client.run { [clock] in
                do throws(GateError) {
                    let script = try await EchoModel.answer(asked, permit.route, call, at: clock.now)
                    asker.answered(ModelAnswer(script, for: permit.route))
                } catch {
                    asker.failed(error)
                }
            }
        }
    }

    /// The provider whose own list is the answer to `GET /v1/models`: a sole one behind patterns. Otherwise the gate
    /// lists the names of its configuration.
    private var listingProvider: String? {
        guard table.names.isEmpty, destinations.count == 1 else { return nil }
        return destinations.keys.first
    }

    private func find(_ provider: String) -> Destination? { destinations[provider] }

    /// The names of the configuration, and the built-in model's where a pattern reaches it.
    private var ownList: EchoScript {
        var models = table.names.map { ModelsListBody.Model(name: $0.key, owner: $0.provider) }
        for name in EchoModel.names where !models.contains(where: { $0.name == name }) {
            guard let choice = try? table.choose(name), case .echo = destinations[choice.provider] else { continue }
            models.append(ModelsListBody.Model(name: name, owner: choice.provider))
        }
        return .document(ModelsListBody.bytes(models, created: started))
    }

    public var instruments: [Instrument] {
        held.instruments + breakers.flatMap { $0.breaker.instruments(provider: $0.name) }
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

/// What a client asks, and whom.
public struct Question {
    enum Subject {
        /// Which models there are.
        case list
        case conversation(Asked, upstreamName: String)
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
        provider: String?,
        destination: Models.Destination?,
        entry: String? = nil
    ) {
        self.subject = subject
        self.provider = provider
        self.destination = destination
        self.entry = entry
    }

    /// The model as the client named it; `nil` for a question about none.
    public var model: String? {
        guard case .conversation(let asked, _) = subject else { return nil }
        return asked.facts.model
    }

    /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
    public var credential: String? {
        guard case .http(let provider) = destination, provider.traits.credential != .none else { return nil }
        return self.provider
    }
}
