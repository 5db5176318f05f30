/// A settings file that is changed in a way that can be taken back: the first change leaves the file as it was beside it,
/// byte for byte.
struct KeptFile {
    /// A change that is prepared and not done yet.
    struct Change {
        /// The whole new content; `nil` where the file is to be removed.
        let bytes: [UInt8]?
        fileprivate let former: SettingsFile.Content?
        /// What is to be kept for taking the change back; `nil` where it is kept already.
        fileprivate let kept: [UInt8]?
        fileprivate let backup: SettingsFile.Content?
    }

    let file: SettingsFile
    let backup: SettingsFile

    init(_ file: SettingsFile) throws(SettingsFile.Refusal) {
        self.file = file
        // A checkout could bring a link of this name, and the settings would be written to wherever it leads.
        backup = try SettingsFile(file.target + ".before-ostiary", mayBeLink: false)
    }

    /// - Parameter isOurs: whether `former` has been changed here already; a backup of that would not be what was there
    ///   before.
    func changing(
        _ former: SettingsFile.Content?,
        to bytes: [UInt8],
        isOurs: Bool
    ) throws(SettingsFile.Refusal) -> Change {
        let known = try backup.read()
        let kept = known == nil || !isOurs ? former?.bytes ?? [] : nil
        return Change(bytes: bytes, former: former, kept: kept, backup: known)
    }

    /// What the file was before; empty where it was not there.
    func before() throws(SettingsFile.Refusal) -> SettingsFile.Content {
        guard let known = try backup.read() else {
            throw SettingsFile.Refusal(
                kind: .nothing,
                message: "\(file.path) was not changed by ostiary",
                hint: "there is no \(backup.path)"
            )
        }
        return known
    }

    /// - Parameter known: what it was before.
    func takingBack(_ former: SettingsFile.Content?, to bytes: [UInt8], before known: SettingsFile.Content) -> Change {
        Change(bytes: bytes.isEmpty ? nil : bytes, former: former, kept: nil, backup: known)
    }

    /// Does it: first what is needed to take it back, then the change.
    func carryOut(_ change: Change) throws(SettingsFile.Refusal) {
        let mode = change.former?.mode ?? 0o600
        if let kept = change.kept { try backup.write(kept, over: change.backup, mode: mode) }
        if let bytes = change.bytes { try file.write(bytes, over: change.former, mode: mode) }
    }

    /// Takes a change back, and then has nothing more to take back.
    func carryOutTakingBack(_ change: Change) throws(SettingsFile.Refusal) {
        if let bytes = change.bytes {
            try file.write(bytes, over: change.former, mode: change.former?.mode ?? change.backup?.mode ?? 0o600)
        } else if let former = change.former {
            try file.remove(former)
        }
        if let known = change.backup { try backup.remove(known) }
    }
}
