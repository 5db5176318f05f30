extension Configuration {
    /// The full paths of all fixed keys of this name however it is spelled, for "did you mean".
    static func paths(ofKey name: String) -> [String] {
        paths(ofKey: name, in: schema.described(Configuration()), below: "")
    }

    private static func paths(ofKey name: String, in fields: [Description], below path: String) -> [String] {
        fields.flatMap { field -> [String] in
            let here = path + field.about.name
            var found = Nearest.areOneWord(field.about.name, name) ? [here] : []
            switch field.content {
            case .value, .list, .either: break
            case .section(let fields): found += paths(ofKey: name, in: fields, below: here + ".")
            case .entries(let fields, _): found += paths(ofKey: name, in: fields, below: here + "[].")
            case .table(_, _, let fields, _): found += paths(ofKey: name, in: fields, below: here + ".NAME.")
            }
            return found
        }
    }
}
