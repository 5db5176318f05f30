import OstiaryCore

extension Configuration {
    /// What a file and the variables say in these sections; everything else is as it is without a file. Nothing else of the
    /// file has to be right, as commands ask that repair it.
    static func section(_ names: String..., of file: String?, surroundings: Surroundings) -> Configuration {
        var reading = Reading(file: file, variables: surroundings.variables, flags: [:])
        var configuration = Configuration()
        if file == nil, let path = SecretsdFile.path(surroundings), let theirs = try? SecretsdFile(path, surroundings) {
            theirs.apply(to: &configuration, &reading)
        }
        let fields = schema.filter { field in names.contains { $0.hasSameBytes(as: field.about.name) } }
        if let file, let bytes = surroundings.read(file, Document.largest),
            let (root, twins) = Document.compose(bytes, &reading)
        {
            reading.section(root, twins, fields, later: [], into: &configuration)
            configuration.settlePaths(besides: file)
        }
        reading.override(fields, &configuration)
        return configuration
    }
}
