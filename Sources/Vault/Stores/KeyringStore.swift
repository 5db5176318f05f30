import CKeyring
public import OstiaryCore

/// Keys in the desktop's keyring (the Secret Service), through libsecret, which is found at run time.
///
/// The attributes are those that Python's `keyring` and `secret-tool` use, so all of them see the same keys: service and
/// username, here `claude-throne` and `NAME-api-key`. A call takes some milliseconds and never more than two seconds.
public final class KeyringStore: Store {
    /// How long a call may take.
    public static let milliseconds: Int32 = 2000

    private static let suffix = "-api-key"
    /// What is written down beside a key has a name that ends so here, and an account of its own, as Claude-Throne has it.
    private static let metadataEnd = ":metadata"
    private static let metadataSuffix = "-metadata"
    private let service: String

    public init(service: String = "claude-throne") {
        self.service = service
    }

    public var label: String { "the keyring" }

    public func list() throws(StoreFault) -> [StoredKey] {
        var result = ckeyring_call(Int32(CKEYRING_LIST), service, nil, nil, nil, Self.milliseconds)
        defer { ckeyring_release(&result) }
        try check(result)
        var keys: [StoredName: StoredKey] = [:]
        for item in UnsafeBufferPointer(start: result.items, count: result.item_count) {
            guard let account = item.account.map({ String(cString: $0) }), let name = Self.name(account) else {
                continue
            }
            let key = StoredKey(
                name: name,
                created: UnixTime(seconds: Double(item.created)),
                updated: UnixTime(seconds: Double(item.modified))
            )
            // One name twice: another program has written it too.
            if let known = keys[name]?.updated, let updated = key.updated, known > updated { continue }
            keys[name] = key
        }
        return keys.values.sorted { $0.name < $1.name }
    }

    public func read(_ name: StoredName) throws(StoreFault) -> Secret? {
        var result = ckeyring_call(Int32(CKEYRING_READ), service, account(name), nil, nil, Self.milliseconds)
        defer { ckeyring_release(&result) }
        if result.status == CKEYRING_NOT_FOUND { return nil }
        try check(result)
        guard let start = result.secret else { return nil }
        return start.withMemoryRebound(to: UInt8.self, capacity: result.secret_length) {
            Secret(copying: UnsafeBufferPointer(start: $0, count: result.secret_length).span)
        }
    }

    public func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault) {
        try StorableForm.check(secret)
        var bytes = [CChar](repeating: 0, count: secret.count + 1)
        defer { wipe(&bytes) }
        secret.withBytes { source in
            for index in source.indices { bytes[index] = CChar(bitPattern: source[index]) }
        }
        var result = ckeyring_call(
            Int32(CKEYRING_WRITE),
            service,
            account(name),
            "\(name) (ostiary)",
            bytes,
            Self.milliseconds
        )
        defer { ckeyring_release(&result) }
        try check(result)
    }

    @discardableResult
    public func remove(_ name: StoredName) throws(StoreFault) -> Bool {
        var result = ckeyring_call(Int32(CKEYRING_REMOVE), service, account(name), nil, nil, Self.milliseconds)
        defer { ckeyring_release(&result) }
        if result.status == CKEYRING_NOT_FOUND { return false }
        try check(result)
        return true
    }

    /// Whether keys can be kept here now: writes one, reads it and removes it.
    /// - Throws: why not.
    public func probe(at time: UnixTime) throws(StoreFault) {
        let name = try StoredName("ostiary-probe")
        let text = Array("probe".utf8)
        try write(name, Secret(copying: text.span), at: time)
        let isBack =
            switch try read(name) {
            case .some(let back): back.withBytes { bytes in bytes.count == text.count }
            case .none: false
            }
        try remove(name)
        guard isBack else { throw .unavailable(place: label, reason: "it does not give back what it was given") }
    }

    private func account(_ name: StoredName) -> String {
        guard name.text.hasSuffix(Self.metadataEnd) else { return name.text + Self.suffix }
        return name.text.dropLast(Self.metadataEnd.count) + Self.metadataSuffix
    }

    private static func name(_ account: String) -> StoredName? {
        if account.hasSuffix(suffix) { return try? StoredName(String(account.dropLast(suffix.count))) }
        guard account.hasSuffix(metadataSuffix) else { return nil }
        return try? StoredName(account.dropLast(metadataSuffix.count) + metadataEnd)
    }

    private func check(_ result: ckeyring_result) throws(StoreFault) {
        let reason = withUnsafeBytes(of: result.reason) { bytes in
            FilePath.shown(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        }
        switch Int(result.status) {
        case CKEYRING_OK, CKEYRING_NOT_FOUND: return
        case CKEYRING_LOCKED: throw .locked(place: label, reason: reason)
        default: throw .unavailable(place: label, reason: reason)
        }
    }
}
