import Crypto
public import OstiaryCore
import Synchronization

/// Keys in one sealed file; `docs/decisions/0016-the-sealed-store.md` describes the format.
///
/// Every call reads the file, so that several processes can share it, and believes it only when all of it is as it was
/// written. It holds the wrapping key in memory, since making it from a passphrase takes some tenths of a second.
public final class SealedFileStore: Store {
    private struct Known: Sendable {
        var master: MasterSecret
        var wrapping: (derivation: KeyDerivation, key: SymmetricKey)?
        /// The highest generation that was seen.
        var generation = 0
    }

    private let file: GuardedFile
    private let mark: GenerationMark?
    private let known: Mutex<Known>

    public var label: String { "sealed store \(file.place)" }

    /// Names a store without touching it.
    /// - Parameters:
    ///   - path: the file, in a folder of its own with mode 700.
    ///   - markPath: a file in another folder that remembers the last generation, so that an older state of the whole
    ///     store is noticed after a restart too.
    public convenience init(path: String, master: MasterSecret, markPath: String? = nil) throws(StoreFault) {
        try self.init(path: path, master: master, markPath: markPath) { (_) throws(StoreFault) in }
    }

    init(
        path: String,
        master: MasterSecret,
        markPath: String? = nil,
        probe: @escaping WriteProbe
    ) throws(StoreFault) {
        file = try GuardedFile(path: path, probe: probe)
        mark = try markPath.map { (path) throws(StoreFault) in try GenerationMark(path: path) }
        known = Mutex(Known(master: master))
    }

    /// Makes an empty store, and its folder with mode 700 if that is not there; the folder around it has to be.
    public func create(at time: UnixTime) throws(StoreFault) {
        try create(at: time, derivation: nil)
    }

    func create(at time: UnixTime, derivation: KeyDerivation?) throws(StoreFault) {
        try known.withLockTyped { known throws(StoreFault) in
            try file.update(creates: true, limit: SealedDocument.byteLimit) { before throws(StoreFault) in
                guard before == nil else { throw .exists(place: label) }
                if let seen = try mark?.read(), seen > 0 {
                    throw .older(place: label, generation: 0, expected: seen, mark: mark?.place)
                }
                let derivation = derivation ?? .today(for: known.master.kind)
                let key = try wrapping(derivation, &known)
                let opened = try orUnwritable { () throws(SealFault) in
                    try OpenedDocument(wrapping: key, derivation: derivation, at: time)
                }
                return opened.bytes
            }
            known.generation = 1
            try mark?.write(1)
        }
    }

    /// Whether there is a store; says nothing about whether it can be opened.
    public func isThere() throws(StoreFault) -> Bool {
        try file.read(limit: SealedDocument.byteLimit) != nil
    }

    public func list() throws(StoreFault) -> [StoredKey] {
        try known.withLockTyped { known throws(StoreFault) in
            try open(&known).document.entries.map {
                StoredKey(name: $0.name, created: $0.created, updated: $0.updated)
            }
        }
    }

    public func read(_ name: StoredName) throws(StoreFault) -> Secret? {
        try known.withLockTyped { known throws(StoreFault) in
            let opened = try open(&known)
            do throws(SealFault) {
                return try opened.secret(name)
            } catch {
                throw .damaged(place: label, what: "entry \(name)")
            }
        }
    }

    public func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault) {
        try StorableForm.check(secret)
        let holder = SecretHolder(secret.withBytes { Secret(copying: $0) })
        try change { opened throws(StoreFault) in
            guard opened.document.entries.count < SealedDocument.entryLimit else {
                throw .unwritable(place: self.label, reason: "it holds \(SealedDocument.entryLimit) keys already")
            }
            let copy = Loan.withBytes(of: holder) { Secret(copying: $0) }
            try self.orUnwritable { () throws(SealFault) in try opened.put(name, copy, at: time) }
            return true
        }
    }

    @discardableResult
    public func remove(_ name: StoredName) throws(StoreFault) -> Bool {
        var isRemoved = false
        try change { opened throws(StoreFault) in
            isRemoved = opened.remove(name)
            return isRemoved
        }
        return isRemoved
    }

    /// The number of the last write, and the data keys that are in the file.
    public func state() throws(StoreFault) -> (generation: Int, keys: [String]) {
        try known.withLockTyped { known throws(StoreFault) in
            let document = try open(&known).document
            return (document.generation, document.keys.map { $0.kid + ($0.isActive ? "" : " (retired)") })
        }
    }

    /// Seals every entry anew under another data key, in one write.
    public func rotateDataKey(at time: UnixTime) throws(StoreFault) {
        try change { opened throws(StoreFault) in
            try self.orUnwritable { () throws(SealFault) in try opened.rotateDataKey(at: time) }
            return true
        }
    }

    /// Seals the data keys under another master secret, in one write; the entries stay as they are. The backup, which
    /// the old master still opened, goes.
    ///
    /// Whoever keeps the master has to keep the new one before this and the old one until it has returned.
    public func rotateMaster(to master: MasterSecret) throws(StoreFault) {
        try rotateMaster(to: master, derivation: .today(for: master.kind))
    }

    func rotateMaster(to master: MasterSecret, derivation: KeyDerivation) throws(StoreFault) {
        guard let key = derivation.key(from: master) else {
            throw .unwritable(place: label, reason: "there is not enough memory for the new master's key")
        }
        try change { opened throws(StoreFault) in
            try self.orUnwritable { () throws(SealFault) in try opened.rotateMaster(to: key, derivation) }
            return true
        }
        known.withLock { known in
            known.master = master
            known.wrapping = (derivation, key)
        }
        try file.forgetBackup()
    }

    // MARK: Reading and changing the file

    private func open(_ known: inout Known) throws(StoreFault) -> OpenedDocument {
        let bytes = try file.read(limit: SealedDocument.byteLimit)
        return try open(bytes, &known)
    }

    private func open(_ bytes: [UInt8]?, _ known: inout Known) throws(StoreFault) -> OpenedDocument {
        let expected = max(known.generation, try mark?.read() ?? 0)
        guard let bytes else {
            guard expected == 0 else {
                throw .older(place: label, generation: 0, expected: expected, mark: mark?.place)
            }
            throw .notThere(place: label)
        }
        let document: SealedDocument
        do throws(SealedDocument.ReadFault) {
            document = try SealedDocument(bytes)
        } catch {
            switch error {
            case .damaged(let what): throw .damaged(place: label, what: what)
            case .unknownFormat: throw .unknownFormat(place: label)
            }
        }
        guard document.derivation.fits(known.master.kind) else { throw .notOpened(place: label) }
        let key = try wrapping(document.derivation, &known)
        let opened: OpenedDocument
        do throws(OpenedDocument.OpenFault) {
            opened = try OpenedDocument(document, readFrom: bytes, wrapping: key)
        } catch {
            switch error {
            case .notOpened: throw .notOpened(place: label)
            case .damaged(let what): throw .damaged(place: label, what: what)
            }
        }
        guard document.generation >= expected else {
            throw .older(
                place: label,
                generation: document.generation,
                expected: expected,
                mark: mark?.place
            )
        }
        known.generation = document.generation
        return opened
    }

    private func change(_ body: (inout OpenedDocument) throws(StoreFault) -> Bool) throws(StoreFault) {
        try known.withLockTyped { known throws(StoreFault) in
            var generation: Int?
            do throws(StoreFault) {
                try file.update(limit: SealedDocument.byteLimit) { before throws(StoreFault) in
                    var opened = try open(before, &known)
                    opened.advance()
                    guard try body(&opened) else { return nil }
                    generation = opened.document.generation
                    return opened.bytes
                }
            } catch {
                // The folder is not there, and so neither is the store.
                if case .notThere = error { throw .notThere(place: label) }
                throw error
            }
            guard let generation else { return }
            known.generation = generation
            // Behind the write: a crash in between leaves a mark that is too low, which nobody minds.
            try mark?.write(generation)
        }
    }

    private func wrapping(_ derivation: KeyDerivation, _ known: inout Known) throws(StoreFault) -> SymmetricKey {
        if let wrapping = known.wrapping, wrapping.derivation == derivation { return wrapping.key }
        guard let key = derivation.key(from: known.master) else {
            throw .unreadable(place: label, reason: "there is not enough memory for the master's key")
        }
        known.wrapping = (derivation, key)
        return key
    }

    private func orUnwritable<Result>(_ body: () throws(SealFault) -> Result) throws(StoreFault) -> Result {
        do throws(SealFault) {
            return try body()
        } catch {
            throw .damaged(place: label, what: "an entry cannot be opened or sealed")
        }
    }
}

extension Mutex where Value: Sendable {
    /// `withLock` that keeps the error's type.
    fileprivate func withLockTyped<Result: ~Copyable & Sendable>(
        _ body: (inout Value) throws(StoreFault) -> sending Result
    ) throws(StoreFault) -> sending Result {
        try withLock { value throws(StoreFault) in try body(&value) }
    }
}
