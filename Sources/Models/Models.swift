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
    private let started: UnixTime

    public init(
        table: ModelTable,
        destinations: [String: Destination],
        held: HeldBodies,
        clock: any GateClock
    ) {
        self.table = table
        self.destinations = destinations
        self.held = held
        self.clock = clock
        started = clock.now
    }

    /// Reads the question out of a permitted call: the body as far as needed, the model, its provider.
    public func question(
        _ call: Call,
        _ body: RequestBody,
        for permit: Permit
    ) async throws(GateError) -> Question {
        switch permit.route.kind {
        case .models:
            return Question(subject: .list, provider: listingProvider, destination: listingProvider.flatMap(find))
        case .chat, nil:
            let asked = try await Asked.read(body, holding: held)
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
    }

    /// Puts the question to its provider and returns when the answer begins.
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
        on worker: Worker
    ) async throws(GateError) -> ModelAnswer {
        switch (question.subject, question.destination) {
        case (.list, .http(let provider)):
            return try await provider.get(call, head: head, permit: permit, key: key, client: client, on: worker)
        case (.list, _):
            return ModelAnswer(ownList, for: permit.route)
        case (.conversation(let asked, let upstreamName), .http(let provider)):
            return try await provider.ask(
                asked,
                call,
                head: head,
                as: upstreamName,
                permit: permit,
                key: key,
                client: client,
                on: worker
            )
        case (.conversation(let asked, _), _):
            let script = try await EchoModel.answer(asked, permit.route, call, at: clock.now)
            return ModelAnswer(script, for: permit.route)
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

    /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
    public var credential: String? {
        guard case .http(let provider) = destination, provider.traits.credential != .none else { return nil }
        return self.provider
    }
}
