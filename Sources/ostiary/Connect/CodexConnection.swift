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
        fileprivate let change: KeptFile.Change
    }

    static let provider = ["model_provider"]
    static let table = ["model_providers", "ostiary"]

    let piece: CodexPiece
    private let kept: KeptFile

    var file: SettingsFile { kept.file }

    init(_ file: SettingsFile, _ piece: CodexPiece) throws(SettingsFile.Refusal) {
        self.piece = piece
        kept = try KeptFile(file)
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
        let isOurs = sheet.topKey(Self.provider) == piece.line || !sheet.tables(Self.table).isEmpty
        return Plan(
            lines: difference(from: sheet, to: changed),
            change: try kept.changing(former, to: changed.bytes, isOurs: isOurs)
        )
    }

    func undoing() throws(SettingsFile.Refusal) -> Plan {
        let known = try kept.before()
        let former = try file.read()
        let now = try Self.sheet(former, file)
        let then = try Self.sheet(known.bytes.isEmpty ? nil : known, kept.backup)
        guard let former, now.bytes != connected(then).bytes else {
            return Plan(
                lines: difference(from: now, to: then),
                change: kept.takingBack(former, to: known.bytes, before: known)
            )
        }
        // Others have changed it since.
        var changed = now
        if now.topKey(Self.provider) == piece.line { changed.setTopKey(Self.provider, then.topKey(Self.provider)) }
        changed.setTables(Self.table, then.tables(Self.table))
        return Plan(
            lines: difference(from: now, to: changed),
            change: kept.takingBack(former, to: changed.bytes, before: known)
        )
    }

    /// Does it: first what is needed to take it back, then the change.
    func carryOut(_ plan: Plan) throws(SettingsFile.Refusal) { try kept.carryOut(plan.change) }

    /// Takes a change back, and then has nothing more to take back.
    func carryOutUndoing(_ plan: Plan) throws(SettingsFile.Refusal) { try kept.carryOutTakingBack(plan.change) }

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
