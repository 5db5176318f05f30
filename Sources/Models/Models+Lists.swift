public import OstiaryCore
public import OstiaryWire

// What there is, and how it fares.
extension Models {
    /// The provider whose own list is the answer to `GET /v1/models`: a sole one behind patterns. Otherwise the gate
    /// lists the names of its configuration.
    var listingProvider: String? {
        guard table.names.isEmpty, destinations.count == 1 else { return nil }
        return destinations.keys.first
    }

    func listed(_ name: String, _ provider: String, _ rules: ModelRules?) -> ModelsListBody.Model {
        ModelsListBody.Model(
            name: name,
            owner: provider,
            longestInput: rules?.longestInput,
            longestOutput: rules?.longestOutput
        )
    }

    /// The names of the configuration, and the built-in model's where a pattern reaches it; those that the caller may
    /// ask for.
    func ownList(for permit: Permit) -> [ModelsListBody.Model] {
        var models = table.names.map { listed($0.key, $0.provider, $0.rules) }
        for name in EchoModel.names where !models.contains(where: { $0.name == name }) {
            guard let choice = try? table.choose(name), case .echo = destinations[choice.provider] else { continue }
            models.append(ModelsListBody.Model(name: name, owner: choice.provider))
        }
        guard let narrowing = permit.identity.narrowing else { return models }
        return models.filter { narrowing.allows(model: $0.name) }
    }

    public var instruments: [Instrument] {
        held.instruments + figures.instruments + failed.instruments
            + breakers.flatMap { $0.breaker.instruments(provider: $0.name) }
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
