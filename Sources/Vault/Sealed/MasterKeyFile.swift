public import OstiaryCore

/// A random master secret in a file of its own: 64 hexadecimal digits, for this user alone, in another folder than the
/// store, so that a copy of the one is worth nothing without the other.
public struct MasterKeyFile: KeptMaster {
    private static let digits = MasterSecret.randomBytes * 2
    private let file: GuardedFile

    public init(path: String) throws(StoreFault) {
        file = try GuardedFile(path: path)
    }

    public var place: String { file.place }
    public var label: String { place }

    /// The next master, while a rotation is under way.
    private var next: String { file.name + ".next" }

    /// Makes the file with a new master, and its folder where that is not there.
    public func create(at time: UnixTime) throws(StoreFault) -> MasterSecret { try create() }

    public func create() throws(StoreFault) -> MasterSecret {
        let folder = try GuardedFolder(file.folder, creates: true)
        guard !folder.has(file.name) else { throw .exists(place: "the master key \(place)") }
        let master = try MasterSecret.random()
        // Under its name only when it is whole, and never over another one.
        let new = file.name + ".new"
        folder.remove(new)
        try Self.write(master, new, in: folder)
        try folder.link(new, as: file.name)
        folder.remove(new)
        try folder.sync()
        return master
    }

    public func isThere() throws(StoreFault) -> Bool {
        do throws(StoreFault) {
            return try GuardedFolder(file.folder).has(file.name)
        } catch {
            if case .notThere = error { return false }
            throw error
        }
    }

    /// The master as it lies there.
    public func master() throws(StoreFault) -> MasterSecret {
        guard let master = try read(file.name, in: GuardedFolder(file.folder)) else {
            throw .notThere(place: "master key \(place)")
        }
        return master
    }

    /// Opens the store at `path`.
    ///
    /// Where a rotation was broken off between the store and this file, that is the next one, which takes its place here.
    public func open(
        store path: String,
        markPath: String?,
        at time: UnixTime
    ) throws(StoreFault) -> SealedFileStore { try open(store: path, markPath: markPath) }

    public func open(store path: String, markPath: String? = nil) throws(StoreFault) -> SealedFileStore {
        let folder = try GuardedFolder(file.folder)
        let lock = try folder.lock("\(file.name).lock")
        defer { withExtendedLifetime(lock) {} }
        return try open(store: path, markPath: markPath, in: folder)
    }

    /// Replaces the master by another: first on the disk beside the one before, then in the store, then in its place.
    /// Whenever that is broken off, one of the two opens the store.
    public func rotate(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault) {
        try rotate(store: path, markPath: markPath)
    }

    public func rotate(
        store path: String,
        markPath: String? = nil,
        probe: @Sendable (RotationStep) -> Void = { _ in }
    ) throws(StoreFault) {
        let folder = try GuardedFolder(file.folder)
        let lock = try folder.lock("\(file.name).lock")
        defer { withExtendedLifetime(lock) {} }
        let store = try open(store: path, markPath: markPath, in: folder)
        let master = try MasterSecret.random()
        folder.remove(next)
        try Self.write(master, next, in: folder)
        probe(.masterKept)
        try store.rotateMaster(to: master)
        probe(.storeTurned)
        try folder.rename(next, to: file.name)
        try folder.sync()
        probe(.masterInPlace)
    }

    /// A step of a rotation; tests end the process behind each of them.
    public enum RotationStep: String, CaseIterable, Sendable {
        case masterKept, storeTurned, masterInPlace
    }

    private func open(
        store path: String,
        markPath: String?,
        in folder: borrowing GuardedFolder
    ) throws(StoreFault) -> SealedFileStore {
        guard let master = try read(file.name, in: folder) else {
            throw .notThere(place: "master key \(place)")
        }
        let store = try SealedFileStore(path: path, master: master, markPath: markPath)
        do throws(StoreFault) {
            _ = try store.state()
            return store
        } catch {
            guard case .notOpened = error, let master = try? read(next, in: folder) else { throw error }
            let turned = try SealedFileStore(path: path, master: master, markPath: markPath)
            // Not what opens it either: then the first fault is the one to tell.
            guard (try? turned.state()) != nil else { throw error }
            try folder.rename(next, to: file.name)
            try folder.sync()
            return turned
        }
    }

    private func read(_ name: String, in folder: borrowing GuardedFolder) throws(StoreFault) -> MasterSecret? {
        guard var text = try folder.read(name, limit: Self.digits + 2) else { return nil }
        defer { wipe(&text) }
        var end = text.count
        while end > 0, text[end - 1] == UInt8(ascii: "\n") || text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        guard end == Self.digits, var bytes = Hex.decode(text[..<end]) else {
            throw .damaged(place: "the master key \(folder.place(name))", what: "it is not \(Self.digits) hex digits")
        }
        defer { wipe(&bytes) }
        return try MasterSecret(.random, Secret(copying: bytes.span))
    }

    private static func write(
        _ master: MasterSecret,
        _ name: String,
        in folder: borrowing GuardedFolder
    ) throws(StoreFault) {
        var text = master.digits
        defer { wipe(&text) }
        text.append(UInt8(ascii: "\n"))
        try folder.create(name, text) { (_) throws(StoreFault) in }
        try folder.sync()
    }
}
