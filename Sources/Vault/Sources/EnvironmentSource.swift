import OstiaryCore

/// `env:NAME`: a variable of the process's environment.
struct EnvironmentSource: LocalKeySource {
    static let kind = "env"
    static let form = "env:NAME"
    static let trimsLineEnd = false

    let name: String
    var label: String { "environment variable \(name)" }

    init(argument: String) throws(SourceFault) {
        // A portable name (POSIX.1-2024, 8.1); what is not one may be a pasted key.
        let isName =
            !argument.isEmpty && argument.utf8.count <= 255
            && argument.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        guard isName, let first = argument.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else {
            throw .invalidName(kind: Self.kind, form: Self.form)
        }
        name = argument
    }

    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial {
        if let secret = surroundings.kept?.secret(name) { return KeyMaterial(secret) }
        guard let value = surroundings.environment[name] else { throw .missing(label: label) }
        var bytes = Array(value.utf8)
        defer { wipe(&bytes) }
        return KeyMaterial(Secret(copying: bytes.span))
    }
}
