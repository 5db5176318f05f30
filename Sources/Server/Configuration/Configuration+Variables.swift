import OstiaryModels

extension Configuration {
    /// A variable that no single key stands for.
    struct Variable: Sendable {
        let name: String
        let help: String
    }

    static let variables: [Variable] =
        secretsdVariables + claudeVariables + [
            Variable(
                name: "TINFOIL_API_KEY",
                help: "the key of the provider named `tinfoil`, which is made where the file has no providers"
            ),
            Variable(name: "TINFOIL_API_KEY_FILE", help: "a file that holds this key"),
            Variable(name: "TINFOIL_BASE_URL", help: "this provider's `base_url`"),
            Variable(name: "UPSTREAM_HEAD_TIMEOUT", help: "`timeouts.head` of every provider"),
            Variable(
                name: "IDENTITY_HASH_KEY",
                help: "the 64 hex digits of `identity.hash_key` themselves, over what the file says"
            ),
        ]

    /// Variables of a later version. A gate that was told to seal bodies must not start without doing so.
    static let laterVariables = ["SEALED_MODE", "ENCLAVE_ALLOW"]

    /// Applies the variables of `variables`.
    mutating func applyProviderVariables(_ reading: inout Reading) {
        applyTinfoil(&reading)
        let head = About(name: "head", help: "", environment: "UPSTREAM_HEAD_TIMEOUT")
        if let (text, place) = reading.given(head),
            let seconds = reading.parse(Written(text), as: Form.duration(1...3600), at: place)
        {
            for index in providers.indices { providers[index].timeouts.head = seconds }
        }
        if let digits = reading.variables["IDENTITY_HASH_KEY"], !digits.isEmpty {
            identity.hashKey = .environment("IDENTITY_HASH_KEY")
        }
        for name in Self.laterVariables {
            guard let text = reading.variables[name], !text.isEmpty, !text.utf8.elementsEqual("off".utf8) else {
                continue
            }
            reading.fault(.variable(name), "\(name) is not available in this version", hint: "unset \(name)")
        }
    }

    private mutating func applyTinfoil(_ reading: inout Reading) {
        let names = ["TINFOIL_API_KEY", "TINFOIL_API_KEY_FILE", "TINFOIL_BASE_URL"]
        let given = names.filter { reading.variables[$0].map { !$0.isEmpty } ?? false }
        guard let first = given.first else { return }
        if providers.isEmpty {
            var provider = Provider()
            provider.name = "tinfoil"
            provider.kind = .tinfoil
            providers = [provider]
            reading.path = ["providers", "tinfoil"]
            reading.note(.variable(first))
            reading.path = []
        }
        guard let index = providers.firstIndex(where: { $0.name == "tinfoil" }) else { return }
        if given.contains(names[0]), given.contains(names[1]) {
            reading.fault(
                .variable(names[1]),
                "TINFOIL_API_KEY and TINFOIL_API_KEY_FILE are both set",
                hint: "unset one of them"
            )
        }
        if given.contains(names[0]) { providers[index].key = .environment(names[0]) }
        if given.contains(names[1]), let path = reading.variables[names[1]] { providers[index].key = .file(path) }
        reading.path = ["providers", "tinfoil"]
        if given.contains(names[0]) || given.contains(names[1]) {
            reading.path.append("key")
            reading.note(.variable(given.contains(names[0]) ? names[0] : names[1]))
            reading.path.removeLast()
        }
        let url = About(name: "base_url", help: "", environment: names[2])
        if let (text, place) = reading.given(url),
            let value = reading.parse(Written(text), as: Form.baseURL, at: place)
        {
            providers[index].baseURL = value
        }
        reading.path = []
    }
}
