import OstiaryCore
import OstiaryModels
import OstiaryWire

/// Finds out what servers of the kind `custom` speak, where neither the operator nor the address says it: each is asked
/// for its list of models once, without a key, and the shape of what comes back tells, a refusal's too.
///
/// At start and at a reload, never for a request; all servers at the same time, for a second and a half at most. What
/// was found out stays for as long as the address is the same. A server that says nothing is taken for one of OpenAI's
/// API, as most are, and asked again at the next reload.
struct Probing: Sendable {
    /// Seconds that one server may take.
    static let patience = 1.5
    /// Bytes of its answer; some list thousands of models.
    private static let longest = 4 << 20

    let requester: @Sendable (Configuration.Provider) -> any Requester

    /// - Parameter before: the configuration before, which has what was found out then.
    /// - Returns: the configuration with what is known now, and the names of those who said nothing.
    func settle(
        _ configuration: Configuration,
        after before: Configuration? = nil
    ) async -> (configuration: Configuration, unknown: [String]) {
        var configuration = configuration
        var asked: [Int] = []
        for index in configuration.providers.indices where configuration.providers[index].saysNothing {
            let provider = configuration.providers[index]
            let former = before?.providers.first { $0.name.hasSameBytes(as: provider.name) }
            if let known = former?.probedAPI, former?.baseURL == provider.baseURL, former?.kind == provider.kind {
                configuration.providers[index].probedAPI = known
            } else {
                asked.append(index)
            }
        }
        guard !asked.isEmpty else { return (configuration, []) }
        let providers = configuration.providers
        let found = await withTaskGroup(of: (Int, Configuration.Provider.API?).self) { group in
            for index in asked { group.addTask { (index, await ask(providers[index])) } }
            return await group.reduce(into: [Int: Configuration.Provider.API]()) { $0[$1.0] = $1.1 }
        }
        for (index, api) in found { configuration.providers[index].probedAPI = api }
        return (configuration, asked.filter { found[$0] == nil }.map { providers[$0].name })
    }

    private func ask(_ provider: Configuration.Provider) async -> Configuration.Provider.API? {
        guard let base = provider.baseURL else { return nil }
        var question = OutboundRequest(.get, base + "/models")
        question.authority = provider.tls.authority
        let answer = try? await requester(provider).send(question, limit: Self.longest, seconds: Self.patience)
        return answer.flatMap(Self.read)
    }

    /// Whose words an answer is in; `nil` for nobody's.
    static func read(_ answer: OutboundAnswer) -> Configuration.Provider.API? {
        guard let members = try? JSONReader.read(answer.body).object else { return nil }
        if members["object"]?.string == "list" { return .openai }
        if members["type"]?.string == "error", members["error"]?.object != nil { return .anthropic }
        if members["data"]?.array?.first?.object?["type"]?.string == "model" { return .anthropic }
        if members["data"]?.array != nil { return members["has_more"] == nil ? .openai : .anthropic }
        return members["error"]?.object == nil ? nil : .openai
    }
}

extension Configuration.Provider {
    /// Whether neither the operator nor the address says what it speaks.
    fileprivate var saysNothing: Bool { kind == .custom && api == nil && addressAPI == nil && baseURL != nil }
}

extension Probing {
    init(_ crew: Crew, _ book: AddressBook) {
        self.init { provider in HTTPFetcher(crew: crew, book: book, reach: provider.addresses) }
    }
}

extension Remark {
    /// Nobody knows what a server speaks.
    static func saysNothing(_ provider: String) -> Remark {
        Remark(
            "a server does not tell what it speaks and is taken for one of OpenAI's API",
            ["provider": provider, "setting": "providers.\(provider).api"]
        )
    }
}
