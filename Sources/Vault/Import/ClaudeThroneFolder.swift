public import OstiaryCore

/// The sealed files of Claude-Throne, to be taken over: `NAME.key` for each provider, and `.encryption_key`, which opens
/// them, beside them. Nothing in the folder is changed.
public struct ClaudeThroneFolder: Sendable {
    private static let keyName = ".encryption_key"
    private static let suffix = ".key"
    private static let limit = 65_536

    private let path: String

    /// - Parameter path: usually `~/.claude-throne`.
    public init(path: String) {
        self.path = path
    }

    /// Writes every key of the folder into `store`. All of them are opened before the first is written, so a folder that
    /// is damaged changes nothing.
    /// - Parameter isReplacing: whether names that `store` has already are written over; otherwise they are left alone.
    /// - Returns: the names that were written, and those that were left alone.
    public func move(
        into store: any Store,
        isReplacing: Bool,
        isDryRun: Bool = false,
        at time: UnixTime
    ) throws(StoreFault) -> (taken: [StoredName], left: [StoredName]) {
        let found = try keys()
        let known = Set(try store.list().map(\.name))
        var (taken, left): ([StoredName], [StoredName]) = ([], [])
        for (name, holder) in found {
            guard isReplacing || !known.contains(name) else {
                left.append(name)
                continue
            }
            if !isDryRun {
                let secret = Loan.withBytes(of: holder) { Secret(copying: $0) }
                try store.write(name, secret, at: time)
            }
            taken.append(name)
        }
        return (taken, left)
    }

    private func keys() throws(StoreFault) -> [(StoredName, SecretHolder)] {
        let folder = try GuardedFolder(path)
        guard var text = try folder.read(Self.keyName, limit: Self.limit) else {
            throw .notThere(place: folder.place(Self.keyName))
        }
        defer { wipe(&text) }
        guard let key = FernetKey(text) else {
            throw .damaged(place: folder.place(Self.keyName), what: "it is no Fernet key")
        }
        var keys: [(StoredName, SecretHolder)] = []
        for name in try folder.names() where name.hasSuffix(Self.suffix) && name != Self.keyName {
            let place = folder.place(name)
            guard let stored = try? StoredName(String(name.dropLast(Self.suffix.count))) else {
                throw .damaged(place: place, what: "its name is no provider's")
            }
            guard let token = try folder.read(name, limit: Self.limit), let plain = key.open(token) else {
                throw .damaged(place: place, what: "the key beside it does not open it")
            }
            guard let secret = Self.apiKey(plain) else {
                throw .damaged(place: place, what: "it holds no API key")
            }
            let holder = SecretHolder(secret)
            try Loan.withBytes(of: holder) { bytes throws(StoreFault) in
                try StorableForm.check(Secret(copying: bytes))
            }
            keys.append((stored, holder))
        }
        return keys.sorted { $0.0 < $1.0 }
    }

    /// The member `api_key` of the document that was sealed.
    private static func apiKey(_ document: borrowing Secret) -> Secret? {
        document.withBytes { bytes -> Secret? in
            // The reader makes text of it, which cannot be wiped: this command ends right behind it.
            guard let text = try? JSONReader.read(bytes).object?["api_key"]?.string else { return nil }
            var copy = Array(text.utf8)
            defer { wipe(&copy) }
            return Secret(copying: copy.span)
        }
    }
}
