import OstiaryCore

/// Codex's `config.toml`, and what has to stand in it for Codex to call the gate: which provider is used, above the first
/// table, and the provider's own tables.
///
/// The first change leaves the file as it was beside it, byte for byte; taking the change back restores those bytes, or,
/// where others have changed the file since, takes out what is here and nothing else.
struct CodexConnection {
    /// What there is to do.
    struct Plan {
        /// As lines of a difference.
        let lines: [String]
        /// The whole new content; `nil` where the file is to be removed.
        let bytes: [UInt8]?
        fileprivate let former: SettingsFile.Content?
        fileprivate var kept: [UInt8]?
        fileprivate let backup: SettingsFile.Content?
    }

    static let provider = ["model_provider"]
    static let table = ["model_providers", "ostiary"]

    let file: SettingsFile
    let piece: CodexPiece
    private let backup: SettingsFile

    init(_ file: SettingsFile, _ piece: CodexPiece) throws(SettingsFile.Refusal) {
        self.file = file
        self.piece = piece
        backup = try SettingsFile(file.target + ".before-ostiary", mayBeLink: false)
    }

    func plan() throws(SettingsFile.Refusal) -> Plan {
        let former = try file.read()
        let sheet = try Self.sheet(former, file)
        guard !sheet.hasTopKey(["model_providers"]) else {
            throw SettingsFile.Refusal(
                kind: .content,
                message: "\(file.path): `model_providers` is written in one line, which is not taken apart here",
                hint: "write it as [model_providers.NAME] tables, or put in by hand what --print prints"
            )
        }
        let changed = connected(sheet)
        let known = try backup.read()
        // A backup of what was changed here already would not be what was there before.
        let isOurs = sheet.topKey(Self.provider) == piece.line || !sheet.tables(Self.table).isEmpty
        return Plan(
            lines: difference(from: sheet, to: changed),
            bytes: changed.bytes,
            former: former,
            kept: known == nil || !isOurs ? former?.bytes ?? [] : nil,
            backup: known
        )
    }

    func undoing() throws(SettingsFile.Refusal) -> Plan {
        guard let known = try backup.read() else {
            throw SettingsFile.Refusal(
                kind: .nothing,
                message: "\(file.path) was not changed by ostiary",
                hint: "there is no \(backup.path)"
            )
        }
        let former = try file.read()
        let now = try Self.sheet(former, file)
        let then = try Self.sheet(known.bytes.isEmpty ? nil : known, backup)
        guard let former, now.bytes != connected(then).bytes else {
            return Plan(
                lines: difference(from: now, to: then),
                bytes: known.bytes.isEmpty ? nil : known.bytes,
                former: former,
                kept: nil,
                backup: known
            )
        }
        // Others have changed it since.
        var changed = now
        if now.topKey(Self.provider) == piece.line { changed.setTopKey(Self.provider, then.topKey(Self.provider)) }
        changed.setTables(Self.table, then.tables(Self.table))
        return Plan(
            lines: difference(from: now, to: changed),
            bytes: changed.bytes,
            former: former,
            kept: nil,
            backup: known
        )
    }

    /// Does it: first what is needed to take it back, then the change.
    func carryOut(_ plan: Plan) throws(SettingsFile.Refusal) {
        let mode = plan.former?.mode ?? 0o600
        if let kept = plan.kept { try backup.write(kept, over: plan.backup, mode: mode) }
        if let bytes = plan.bytes { try file.write(bytes, over: plan.former, mode: mode) }
    }

    /// Takes a change back, and then has nothing more to take back.
    func carryOutUndoing(_ plan: Plan) throws(SettingsFile.Refusal) {
        if let bytes = plan.bytes {
            try file.write(bytes, over: plan.former, mode: plan.former?.mode ?? plan.backup?.mode ?? 0o600)
        } else if let former = plan.former {
            try file.remove(former)
        }
        if let known = plan.backup { try backup.remove(known) }
    }

    private func connected(_ sheet: TOMLSheet) -> TOMLSheet {
        var changed = sheet
        if sheet.topKey(Self.provider) != piece.line { changed.setTopKey(Self.provider, piece.line) }
        let tables = piece.tables(sheet.lineEnd)
        if sheet.tables(Self.table) != tables { changed.setTables(Self.table, tables) }
        return changed
    }

    private static func sheet(
        _ content: SettingsFile.Content?,
        _ file: SettingsFile
    ) throws(SettingsFile.Refusal) -> TOMLSheet {
        do throws(TOMLSheet.Fault) {
            guard let bytes = content?.bytes else { return try TOMLSheet() }
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw TOMLSheet.Fault(line: 1, sentence: "it is not valid UTF-8")
            }
            return try TOMLSheet(bytes)
        } catch {
            throw SettingsFile.Refusal(
                kind: .content,
                message: "\(file.path):\(error.line): \(error.sentence)",
                hint: "nothing was changed; correct the file, then run the command again"
            )
        }
    }

    /// What goes and what comes, line by line. What is not ours is shown without what could be a key.
    private func difference(from before: TOMLSheet, to after: TOMLSheet) -> [String] {
        func lines(_ sheet: TOMLSheet) -> [String] {
            let bytes = (sheet.topKey(Self.provider) ?? []) + [UInt8(ascii: "\n")] + sheet.tables(Self.table)
            return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        }
        let ours = String(decoding: piece.line + [UInt8(ascii: "\n")] + piece.tables(Array("\n".utf8)), as: UTF8.self)
            .split(whereSeparator: \.isNewline).map(String.init)
        func shown(_ line: String) -> String { ours.contains(line) ? line : Masked.masked(line) }
        let (old, new) = (lines(before), lines(after))
        return old.filter { !new.contains($0) }.map { "  - \(shown($0))" }
            + new.filter { !old.contains($0) }.map { "  + \(shown($0))" }
    }
}

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
