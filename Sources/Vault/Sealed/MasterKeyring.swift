public import OstiaryCore

/// A master secret in the keyring, so that the store's file is worth nothing without the owner's own session. What was
/// put there by hand, a passphrase or 64 hexadecimal digits, is taken too.
///
/// The keyring has no lock of its own for several calls, so a file beside the store is locked while a master is made or
/// replaced.
public struct MasterKeyring: KeptMaster {
    private let name: StoredName
    private let next: StoredName
    private let lockFolder: String
    private let keyring: any Store

    /// - Parameters:
    ///   - name: under which `keyring:NAME` finds it.
    ///   - path: the store's file.
    ///   - keyring: where it is kept.
    public init(
        name: String,
        store path: String,
        in keyring: any Store = KeyringStore()
    ) throws(StoreFault) {
        self.name = try StoredName(name)
        next = try StoredName(name + ".next")
        lockFolder = try GuardedFile(path: path).folder
        self.keyring = keyring
    }

    public var label: String { "master key \(name) in \(keyring.label)" }

    public func isThere() throws(StoreFault) -> Bool {
        switch try keyring.read(name) {
        case .some: true
        case .none: false
        }
    }

    public func create(at time: UnixTime) throws(StoreFault) -> MasterSecret {
        let folder = try GuardedFolder(lockFolder, creates: true)
        let lock = try folder.lock(Self.lock)
        defer { withExtendedLifetime(lock) {} }
        guard try !isThere() else { throw .exists(place: label) }
        let master = try MasterSecret.random()
        try keep(master, as: name, at: time)
        return master
    }

    public func master() throws(StoreFault) -> MasterSecret {
        guard let master = try read(name) else { throw .notThere(place: label) }
        return master
    }

    public func open(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault) -> SealedFileStore {
        let store = try SealedFileStore(path: path, master: master(), markPath: markPath)
        do throws(StoreFault) {
            _ = try store.state()
            return store
        } catch {
            guard case .notOpened = error else { throw error }
            let folder = try GuardedFolder(lockFolder)
            let lock = try folder.lock(Self.lock)
            defer { withExtendedLifetime(lock) {} }
            return try opened(store: path, markPath: markPath, at: time)
        }
    }

    public func rotate(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault) {
        try rotate(store: path, markPath: markPath, at: time) { _ in }
    }

    func rotate(
        store path: String,
        markPath: String?,
        at time: UnixTime,
        probe: (MasterKeyFile.RotationStep) throws(StoreFault) -> Void
    ) throws(StoreFault) {
        let folder = try GuardedFolder(lockFolder)
        let lock = try folder.lock(Self.lock)
        defer { withExtendedLifetime(lock) {} }
        let store = try opened(store: path, markPath: markPath, at: time)
        let master = try MasterSecret.random()
        try keep(master, as: next, at: time)
        try probe(.masterKept)
        try store.rotateMaster(to: master)
        try probe(.storeTurned)
        try keep(master, as: name, at: time)
        try probe(.masterInPlace)
        try keyring.remove(next)
    }

    private static let lock = "master.lock"

    /// The store as whichever of the two masters opens it; the next one takes its place then.
    private func opened(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault) -> SealedFileStore
    {
        let store = try SealedFileStore(path: path, master: master(), markPath: markPath)
        do throws(StoreFault) {
            _ = try store.state()
            return store
        } catch {
            guard case .notOpened = error, let master = try read(next) else { throw error }
            let turned = try SealedFileStore(path: path, master: master, markPath: markPath)
            // Not what opens it either: then the first fault is the one to tell.
            guard (try? turned.state()) != nil else { throw error }
            try keep(master, as: name, at: time)
            try keyring.remove(next)
            return turned
        }
    }

    private func read(_ name: StoredName) throws(StoreFault) -> MasterSecret? {
        guard let secret = try keyring.read(name) else { return nil }
        return try MasterSecret(written: secret)
    }

    /// - Throws: also where the keyring does not give back what it was given, as nothing else would open the store.
    private func keep(_ master: MasterSecret, as name: StoredName, at time: UnixTime) throws(StoreFault) {
        var text = master.digits
        defer { wipe(&text) }
        try keyring.write(name, Secret(copying: text.span), at: time)
        let isBack =
            switch try keyring.read(name) {
            case .some(let back): back.withBytes { bytes in bytes.count == text.count && same(bytes, text) }
            case .none: false
            }
        guard isBack else {
            throw .unavailable(place: keyring.label, reason: "it does not give back what it was given")
        }
    }

    private func same(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool {
        bytes.indices.reduce(UInt8(0)) { $0 | (bytes[$1] ^ text[$1]) } == 0
    }
}
