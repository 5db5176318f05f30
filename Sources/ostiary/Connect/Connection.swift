import OstiaryCore

/// A client's settings file, and what has to stand in it for the client to call the gate.
///
/// The first change leaves the file as it was beside it, byte for byte; taking the change back restores those bytes, or,
/// where others have changed the file since, the members that were changed here and nothing else.
struct Connection {
    /// What there is to do.
    struct Plan {
        var changes: [SettingChange]
        fileprivate let change: KeptFile.Change
    }

    let settings: [Setting]
    private let kept: KeptFile

    var file: SettingsFile { kept.file }

    init(_ file: SettingsFile, _ settings: [Setting]) throws(SettingsFile.Refusal) {
        self.settings = settings
        kept = try KeptFile(file)
    }

    /// What has to be changed for the client to call the gate.
    func plan() throws(SettingsFile.Refusal) -> Plan {
        let former = try file.read()
        let sheet = try Self.sheet(former, file)
        var changed = sheet
        do {
            for setting in settings where sheet.value(at: setting.path) != setting.value {
                if let value = setting.value {
                    try changed.set(setting.path, value)
                } else {
                    changed.remove(setting.path)
                }
            }
        } catch {
            throw SettingsFile.Refusal(
                kind: .content,
                message: "\(file.path): `\(error.path.joined(separator: "."))` is not an object",
                hint: "correct it, then run the command again"
            )
        }
        let isOurs = settings.contains { $0.value != nil && sheet.value(at: $0.path) == $0.value }
        return Plan(
            changes: changes(from: sheet, to: changed),
            change: try kept.changing(former, to: changed.bytes, isOurs: isOurs)
        )
    }

    /// What has to be changed for the file to be as it was.
    func undoing() throws(SettingsFile.Refusal) -> Plan {
        let known = try kept.before()
        let former = try file.read()
        let now = try Self.sheet(former, file)
        // An empty backup stands for a file that was not there.
        let then = known.bytes.isEmpty ? JSONSheet() : try Self.sheet(known, kept.backup)
        let paths = settings.map(\.path)
        let changes = changes(from: now, to: then)
        if former == nil || Self.bare(now, of: paths) == Self.bare(then, of: paths) {
            return Plan(changes: changes, change: kept.takingBack(former, to: known.bytes, before: known))
        }
        var changed = now
        for path in paths {
            if let value = then.value(at: path) {
                try? changed.set(path, value)
            } else {
                changed.remove(path)
                let parent = Array(path.dropLast())
                if !parent.isEmpty, then.value(at: parent) == nil,
                    changed.value(at: parent)?.object?.members.isEmpty == true
                {
                    changed.remove(parent)
                }
            }
        }
        return Plan(changes: changes, change: kept.takingBack(former, to: changed.bytes, before: known))
    }

    /// Does it: first what is needed to take it back, then the change.
    func carryOut(_ plan: Plan) throws(SettingsFile.Refusal) { try kept.carryOut(plan.change) }

    /// Takes a change back, and then has nothing more to take back.
    func carryOutUndoing(_ plan: Plan) throws(SettingsFile.Refusal) { try kept.carryOutTakingBack(plan.change) }

    private static func sheet(
        _ content: SettingsFile.Content?,
        _ file: SettingsFile
    ) throws(SettingsFile.Refusal) -> JSONSheet {
        guard let content else { return JSONSheet() }
        do {
            return try JSONSheet(content.bytes)
        } catch {
            let place = error.place(in: content.bytes)
            throw SettingsFile.Refusal(
                kind: .content,
                message: "\(file.path):\(place.line):\(place.column): \(error.sentence)",
                hint: "nothing was changed; correct the file, then run the command again"
            )
        }
    }

    private func changes(from: JSONSheet, to: JSONSheet) -> [SettingChange] {
        settings.map {
            SettingChange(path: $0.path, before: from.value(at: $0.path), after: to.value(at: $0.path), ours: $0.value)
        }.filter { $0.before != $0.after }
    }

    /// A document without the members in question, and without objects that would be empty then.
    private static func bare(_ sheet: JSONSheet, of paths: [[String]]) -> JSONValue {
        var sheet = sheet
        for path in paths {
            sheet.remove(path)
            let parent = Array(path.dropLast())
            if !parent.isEmpty, sheet.value(at: parent)?.object?.members.isEmpty == true { sheet.remove(parent) }
        }
        return sheet.root
    }
}
