extension Configuration {
    /// The reference, `docs/guide/configuration.md`, in Markdown.
    public static var reference: String {
        var page = """
            # Configuration

            <!-- made by `ostiary check --reference`; a test compares the two -->

            Ostiary reads one YAML file, named with `--config`. Environment variables override the file, flags
            override both, and the environment alone is enough to start. An empty variable counts as unset.

            `ostiary check FILE` tells every fault at once, each with its line and column. Unknown keys are faults. A
            fault never shows a value, since any value may be a secret in the wrong place. `ostiary check --schema`
            prints the JSON Schema for editors.

            - **sizes** are bytes, or a number with `KiB`, `MiB` or `GiB`
            - **durations** are seconds, or a number with `ms`, `s`, `m` or `h`
            - **secrets** are never in the file: a key that takes one names its source, `env:NAME` or `file:PATH`
            - a relative path in the file counts from the file's folder, one in a variable from the working directory
            - a section with nothing in it is the same as one left out, except where its line says otherwise
            - anchors and aliases are read; merge keys (`<<`), tags and second documents are faults

            A running gate reads all of this again at `ostiary reload` or SIGHUP ([Operations](operations.md#reloading)).
            Only `listen.workers` waits for a restart.


            """
        page += sections(schema.described(Configuration()), path: [])
        page += "## Environment variables\n\n| variable | sets |\n| --- | --- |\n"
        let keyed = overrides(schema.described(Configuration()), path: []) { $0.environment }
        let others = variables.map { ($0.name, $0.help) }
        for (name, target) in keyed + others { page += "| `\(name)` | \(target) |\n" }
        page += """

            `ISSUER`, `JWKS_URL`, `AUDIENCES`, `REQUIRED_SCOPES`, `JWT_LEEWAY` and `JWT_MAX_LIFETIME` speak about the sole
            entry of `identity.jwt`, which is made if there is none; with several entries they are faults. The Tinfoil variables
            do nothing where the file has providers and none of them is named `tinfoil`.

            \(later)

            ## Flags

            | flag | sets |
            | --- | --- |

            """
        for (name, target) in overrides(schema.described(Configuration()), path: [], by: { $0.flag }) {
            page += "| `--\(name)` | \(target) |\n"
        }
        return page
    }

    /// The variables that override a key, each by its value.
    static let overridingVariables = Set(
        overrides(schema.described(Configuration()), path: []) { $0.environment }.map(\.0)
    )

    private static var later: String {
        let names = laterVariables.map { "`\($0)`" }.joined(separator: " and ")
        return "\(names) belong to a later version: unless they are empty or `off`, the gate does not start."
    }

    private static func sections(_ fields: [Description], path: [String]) -> String {
        var page = ""
        let rows = fields.filter { field in
            switch field.content {
            case .value, .list, .either: true
            case .section, .entries, .table: false
            }
        }
        if !rows.isEmpty {
            page += "| key | value | default | |\n| --- | --- | --- | --- |\n"
            for row in rows { page += self.row(row) }
            page += "\n"
        }
        for field in fields {
            let here: [String]
            let inner: [Description]
            var note = ""
            switch field.content {
            case .value, .list: continue
            case .either(_, _, let fields, let most):
                // The list's entries are the same once more.
                guard most == nil else { continue }
                here = path + [field.about.name]
                inner = fields
                page += String(repeating: "#", count: min(4, here.count + 1)) + " `\(here.joined(separator: "."))`\n\n"
                page += "Where a reference does not say enough.\n\n" + sections(inner, path: here)
                continue
            case .section(let fields):
                here = path + [field.about.name]
                inner = fields
            case .entries(let fields, let most):
                here = path + [field.about.name + "[]"]
                inner = fields
                note = " A list of at most \(most)."
            case .table(let noun, _, let fields, let most):
                here = path + [field.about.name + ".NAME"]
                inner = fields
                note = " `NAME` is \(noun); there may be at most \(most)."
            }
            if let fallback = field.about.fallback { note += " Default: \(fallback)." }
            page += String(repeating: "#", count: min(4, here.count + 1)) + " `\(here.joined(separator: "."))`\n\n"
            page += sentence(field.about.help) + note + "\n\n"
            page += sections(inner, path: here)
        }
        return page
    }

    private static func row(_ field: Description) -> String {
        let noun: String
        switch field.content {
        case .list(let each, _, let most, _): noun = "a list of at most \(most), each \(each)"
        case .either(let each, _, _, nil): noun = "\(each), or a section"
        case .either(_, _, _, let most?): noun = "a list of at most \(most)"
        case .value(let text, _): noun = text
        case .section, .entries, .table: noun = ""
        }
        let about = field.about
        let standard = about.isRequired ? "required" : about.fallback ?? field.shown.map { "`\($0)`" } ?? "none"
        var help = about.help
        if let example = about.example { help += "; such as `\(example)`" }
        let cells = ["`\(about.name)`", noun, standard, help].map { $0.replacing("|", with: "\\|") }
        return "| " + cells.joined(separator: " | ") + " |\n"
    }

    private static func overrides(
        _ fields: [Description],
        path: [String],
        by name: (About) -> String?
    ) -> [(String, String)] {
        fields.flatMap { field -> [(String, String)] in
            let here = path + [field.about.name]
            var found = name(field.about).map { [($0, "`\(here.joined(separator: "."))`")] } ?? []
            switch field.content {
            case .value, .list, .either, .table: break
            case .section(let fields): found += overrides(fields, path: here, by: name)
            case .entries(let fields, _):
                found += overrides(fields, path: path + [field.about.name + "[]"], by: name)
            }
            return found
        }
    }

    private static func sentence(_ help: String) -> String {
        help.prefix(1).uppercased() + help.dropFirst() + "."
    }
}
