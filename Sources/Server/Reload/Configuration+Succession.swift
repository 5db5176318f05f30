import OstiaryWire

// What of a new configuration a running gate can take over.
extension Configuration {
    /// This configuration followed by `wanted`: as much of it as can be without a restart, and the keys that cannot.
    ///
    /// A key that has to wait is no reason to leave the rest: who takes an issuer out of the file wants it out now.
    func succeeded(by wanted: Configuration) -> (next: Configuration, waiting: [String]) {
        var next = wanted
        var waiting: [String] = []
        func keep<Value: Equatable>(_ key: String, _ path: WritableKeyPath<Configuration, Value>) {
            guard self[keyPath: path] != next[keyPath: path] else { return }
            next[keyPath: path] = self[keyPath: path]
            waiting.append(key)
        }
        keep("listen.workers", \.listen.workers)
        keep("daemon", \.daemon)
        // A door may move beside itself, but not to where the other one still stands.
        let (plain, tls) = (listen.plainAddress, listen.tls.address)
        func isTaken(_ address: Address?, _ standing: [Address?]) -> Bool {
            guard let address else { return false }
            return standing.compactMap { $0 }.contains(where: address.meets)
        }
        if wanted.listen.plainAddress != plain, isTaken(wanted.listen.plainAddress, [tls, admin.address]) {
            keep("listen.address", \.listen.plainAddress)
        }
        if wanted.listen.tls.address != tls, isTaken(wanted.listen.tls.address, [plain, admin.address]) {
            keep("listen.tls", \.listen.tls)
        }
        if wanted.admin.address != admin.address, isTaken(wanted.admin.address, [plain, tls]) {
            keep("admin.address", \.admin.address)
        }
        return (next, waiting)
    }
}

extension Configuration.Address {
    /// Whether two sockets could not listen on both: one port, and the same address or one that means all.
    func meets(_ other: Configuration.Address) -> Bool {
        guard port == other.port, port != 0 else { return false }
        guard let mine = IPAddress(host), let theirs = IPAddress(other.host) else { return host == other.host }
        return mine.bytes == theirs.bytes || [mine, theirs].contains { $0.bytes.allSatisfy { $0 == 0 } }
    }
}
