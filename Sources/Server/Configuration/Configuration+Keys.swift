extension Configuration {
    /// The file of virtual keys where the configuration says `true` and no more.
    static let usualKeysFile = "keys/keys.json"

    /// Where the virtual keys of a gate with this file are; `nil` where it says nothing of them. Nothing else of the file
    /// has to be right.
    public static func keysFile(of file: String?, surroundings: Surroundings) -> String? {
        var reading = Reading(file: file, variables: surroundings.variables, flags: [:])
        var configuration = Configuration()
        let keys = identityFields.filter { $0.about.name.utf8.elementsEqual("keys".utf8) }
        let fields: [Field<Configuration>] = [.section(\.identity, About(name: "identity", help: ""), keys)]
        if let file, let bytes = surroundings.read(file, Document.largest),
            let (root, twins) = Document.compose(bytes, &reading)
        {
            reading.section(root, twins, fields, later: [], into: &configuration)
            configuration.settlePaths(besides: file)
        }
        reading.override(fields, &configuration)
        if configuration.identity.keys == nil, file == nil, SecretsdFile.path(surroundings) != nil {
            return "\(daemon(of: nil, surroundings: surroundings).folder)/\(usualKeysFile)"
        }
        return configuration.identity.keys
    }
}
