import OstiaryCore

/// What stands in Codex's configuration for the gate. Never a secret: what gives the token is named instead.
struct CodexPiece {
    let base: String
    let helper: HelperCommand

    var line: [UInt8] { Array("model_provider = \"ostiary\"".utf8) }

    func tables(_ lineEnd: [UInt8]) -> [UInt8] {
        [
            "[model_providers.ostiary]",
            "name = \"Ostiary\"",
            "base_url = \(Self.quoted(base))",
            "wire_api = \"responses\"",
            "",
            "[model_providers.ostiary.auth]",
            "command = \(Self.quoted(helper.words[0]))",
            "args = [\(helper.words.dropFirst().map(Self.quoted).joined(separator: ", "))]",
            "timeout_ms = 5000",
            "refresh_interval_ms = 240000",
        ].flatMap { Array($0.utf8) + lineEnd }
    }

    /// All of it, as a file of its own.
    var text: String {
        let end = Array("\n".utf8)
        return String(decoding: line + end + end + tables(end), as: UTF8.self)
    }

    /// A basic string of TOML, which escapes as JSON does.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.write(.string(text)), as: UTF8.self)
    }
}
