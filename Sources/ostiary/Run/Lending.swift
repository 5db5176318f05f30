import OstiaryCore
import OstiaryServer
import OstiarySupervisor
import OstiaryVault

/// The keys that `ostiary run` lends, where they lie and how the child gets them.
struct Lending {
    /// One `NAME=SOURCE` of the command line.
    struct Item {
        let name: String
        let way: ChildSecret.Way
        let source: SourceReference

        /// - Throws: a sentence for people, without what stood behind the sign of equality: it may be a key.
        init(_ text: String, _ way: ChildSecret.Way) throws(Trouble) {
            guard let sign = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw Trouble("\(way.option) is written NAME=SOURCE", hint: "such as \(way.option) KEY=vault:openai")
            }
            let name = String(text[..<sign])
            guard ChildEnvironment.isName(name) else {
                throw Trouble("\(way.option): what stands before the = is no variable's name")
            }
            self.name = name
            self.way = way
            do throws(SourceFault) {
                source = try SourceReference(String(text[text.utf8.index(after: sign)...]))
            } catch {
                throw Trouble("\(way.option) \(name): \(error)")
            }
        }
    }

    /// Why a key cannot be lent.
    struct Trouble: Error {
        let sentence: String
        let hint: String?

        init(_ sentence: String, hint: String? = nil) {
            self.sentence = sentence
            self.hint = hint
        }
    }

    let items: [Item]
    private let place: Configuration.Vault
    private let environment: [String: String]
    private let kept = KeptVariables()

    /// Takes the variables that hold keys out of this process's environment.
    init(_ items: [Item], config: String?) throws(Trouble) {
        var seen: Set<String> = []
        for item in items where !seen.insert(item.name).inserted {
            throw Trouble("\(item.name) is lent twice")
        }
        guard items.count <= 16 else { throw Trouble("at most 16 keys can be lent") }
        self.items = items
        place = Configuration.vault(of: config, surroundings: Machine.surroundings)
        environment = Machine.variables
        for name in variables {
            if let value = environment[name] { kept.keep(name, value: Array(value.utf8).span) }
        }
        Vault.forgetEnvironment(variables)
    }

    /// The variables of this process that hold keys.
    var variables: [String] { items.compactMap(\.source.environmentName) }

    /// The keys as they lie there now.
    func read() async throws(Trouble) -> [SecretHolder] {
        let surroundings = OstiaryVault.Surroundings(
            environment: environment.filter { !variables.contains($0.key) },
            kept: kept,
            store: try store()
        )
        var holders: [SecretHolder] = []
        for item in items {
            do throws(SourceFault) {
                holders.append(try await item.source.key(surroundings))
            } catch {
                throw Trouble("the key for \(item.name) cannot be had: \(error)")
            }
        }
        return holders
    }

    /// The keys with the ways in which the child gets them.
    func lent(_ holders: [SecretHolder]) throws(SupervisorFault) -> [ChildSecret] {
        var lent: [ChildSecret] = []
        for (item, holder) in zip(items, holders) { lent.append(try ChildSecret(item.name, item.way, holder)) }
        return lent
    }

    private func store() throws(Trouble) -> SealedFileStore? {
        guard items.contains(where: \.source.needsStore) else { return nil }
        guard let file = place.file, let keyFile = place.keyFile else {
            throw Trouble("a key lies in the vault, and no store is named", hint: "name it with --config FILE")
        }
        do {
            return try MasterKeyFile(path: keyFile).open(store: file, markPath: place.mark)
        } catch {
            throw Trouble("\(error)", hint: error.hint)
        }
    }
}

extension ChildSecret.Way {
    /// The option that lends a key in this way.
    var option: String {
        switch self {
        case .descriptor: "--as-descriptor"
        case .file: "--as-file"
        case .variable: "--as-variable"
        }
    }

    /// What the variable holds.
    var meaning: String {
        switch self {
        case .descriptor: "path of a descriptor"
        case .file: "path of a file in memory"
        case .variable: "the key itself"
        }
    }
}
