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
        table: ModelTable, destinations: [String: Destination], held: HeldBodies, clock: any GateClock
    ) {
        self.table = table
        self.destinations = destinations
        self.held = held
        self.clock = clock
        started = clock.now
    }

    /// Reads the question out of a permitted call: the body as far as needed, the model, its provider.
    public func question(
        _ call: Call, _ body: RequestBody, for permit: Permit
    ) async throws(GateError) -> Question {
        switch permit.route.kind {
        case .models:
            return Question(
                subject: .list, provider: listingProvider, credential: credential(of: listingProvider), entry: nil)
        case .chat, nil:
            let asked = try await Asked.read(body, holding: held)
            let choice = try table.choose(asked.facts.model)
            return Question(
                subject: .conversation(asked, upstreamName: choice.upstreamName), provider: choice.provider,
                credential: credential(of: choice.provider), entry: choice.entry)
        }
    }

    /// Puts the question to its provider and returns when the answer begins.
    /// - Parameters:
    ///   - key: the provider's key; `nil` for a provider that takes none.
    ///   - client: the exchange's end cancels the request.
    public func ask(
        _ question: consuming Question, _ call: Call, _ head: RequestHead, _ permit: Permit,
        _ key: consuming Loan?, client: RequestBody, on worker: Worker
    ) async throws(GateError) -> ModelAnswer {
        let name = question.provider
        let destination = name.flatMap { destinations[$0] }
        switch question.takeSubject() {
        case .list:
            guard case .http(let provider) = destination else { return ModelAnswer(ownList) }
            return try await provider.get(call, head: head, permit: permit, key: key, client: client, on: worker)
        case .conversation(let asked, let upstreamName):
            switch destination {
            case .http(let provider):
                return try await provider.ask(
                    asked, call, head: head, as: upstreamName, permit: permit, key: key, client: client, on: worker)
            case .echo:
                return ModelAnswer(try await EchoModel.answer(asked, permit.route, call, at: clock.now))
            case nil:
                throw GateError(.modelNotFound, cause: "provider_missing")
            }
        }
    }

    /// The provider whose own list is the answer to `GET /v1/models`: a sole one behind patterns. Otherwise the gate
    /// lists the names of its configuration.
    private var listingProvider: String? {
        guard table.names.isEmpty, destinations.count == 1 else { return nil }
        return destinations.keys.first
    }

    private func credential(of provider: String?) -> String? {
        guard let provider, case .http(let destination) = destinations[provider] else { return nil }
        return destination.traits.credential == .none ? nil : provider
    }

    /// The names of the configuration, and the built-in model's where a pattern reaches it.
    private var ownList: EchoScript {
        var models = table.names.map { ModelsListBody.Model(name: $0.key, owner: $0.provider) }
        for name in EchoModel.names where !models.contains(where: { $0.name == name }) {
            guard let choice = try? table.choose(name), case .echo = destinations[choice.provider] else { continue }
            models.append(ModelsListBody.Model(name: name, owner: choice.provider))
        }
        return .document(ModelsListBody.bytes(models, created: started))
    }

    public var instruments: [Instrument] { held.instruments }
}

/// What a client asks, and whom. Noncopyable, as the body it holds is accounted for.
public struct Question: ~Copyable {
    enum Subject: ~Copyable {
        /// Which models there are.
        case list
        case conversation(Asked, upstreamName: String)
    }

    private var subject: Subject
    /// The provider's configured name; `nil` when the gate answers by itself.
    public let provider: String?
    /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
    public let credential: String?
    /// The configuration entry that matched, for journal and metrics.
    public let entry: String?

    init(subject: consuming Subject, provider: String?, credential: String?, entry: String?) {
        self.subject = subject
        self.provider = provider
        self.credential = credential
        self.entry = entry
    }

    consuming func takeSubject() -> Subject { subject }
}
