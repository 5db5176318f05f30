import OstiaryCore

/// A file in a guarded folder that is replaced whole: at any moment, also after a crash or a power cut, its name leads to
/// the bytes before or to the bytes after (SEC-403). The bytes before stay beside it as `NAME.bak`.
public struct GuardedFile: Sendable {
    let folder: String
    let name: String
    let probe: WriteProbe

    /// - Throws: when `path` has no file name.
    public init(path: String) throws(StoreFault) {
        try self.init(path: path, probe: { (_) throws(StoreFault) in })
    }

    init(path: String, probe: @escaping WriteProbe) throws(StoreFault) {
        name = FilePath.name(of: path)
        folder = FilePath.folder(of: path)
        guard !name.isEmpty, name != ".", name != "..", !path.utf8.contains(0) else {
            throw .unusable("a store's path names a file")
        }
        self.probe = probe
    }

    /// As it is shown in errors.
    public var place: String { FilePath.shown("\(folder)/\(name)") }

    /// - Returns: `nil` when there is no file, or no folder.
    public func read(limit: Int) throws(StoreFault) -> [UInt8]? {
        do throws(StoreFault) {
            return try GuardedFolder(folder).read(name, limit: limit)
        } catch {
            if case .notThere = error { return nil }
            throw error
        }
    }

    /// Holds the lock, lends it to `change`, and writes what that gives back; where that is `nil`, nothing.
    public func update(
        creates: Bool = false,
        limit: Int,
        _ change: ([UInt8]?) throws(StoreFault) -> [UInt8]?
    ) throws(StoreFault) {
        let folder = try GuardedFolder(folder, creates: creates)
        let lock = try folder.lock("\(name).lock")
        defer { withExtendedLifetime(lock) {} }
        let before = try folder.read(name, limit: limit)
        guard let after = try change(before) else { return }
        try replace(after, in: folder, hasBackup: before != nil)
    }

    /// Lets the backup be what the file is, so that nothing is left of the state before.
    public func forgetBackup() throws(StoreFault) {
        let folder = try GuardedFolder(folder)
        let lock = try folder.lock("\(name).lock")
        defer { withExtendedLifetime(lock) {} }
        folder.remove("\(name).bak")
        try folder.sync()
    }

    private func replace(_ bytes: [UInt8], in folder: borrowing GuardedFolder, hasBackup: Bool) throws(StoreFault) {
        // Only the holder of the lock writes here, so what lies there is left from a crash.
        let new = "\(name).new"
        folder.remove(new)
        do throws(StoreFault) {
            try folder.create(new, bytes, probe: probe)
            if hasBackup { try backUp(in: folder) }
            try probe(.backedUp)
            try folder.rename(new, to: name)
        } catch {
            folder.remove(new)
            throw error
        }
        try probe(.renamed)
        try folder.sync()
        try probe(.done)
    }

    /// A second name for the bytes that are about to lose theirs.
    private func backUp(in folder: borrowing GuardedFolder) throws(StoreFault) {
        let spare = "\(name).bak.new"
        folder.remove(spare)
        try folder.link(name, as: spare)
        try folder.rename(spare, to: "\(name).bak")
        // Where both were the same file already, the system leaves both names (rename(2)).
        folder.remove(spare)
    }
}
