import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder that only its owner, this process's user, can enter; files in it are reached through it and never by a path
/// that somebody could bend meanwhile (SEC-403).
struct GuardedFolder: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens the folder, or makes it with mode 700 where `creates`.
    init(_ path: String, creates: Bool = false) throws(StoreFault) {
        let shown = FilePath.shown(path)
        if creates, mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .unwritable(place: "folder \(shown)", reason: SystemFault.last.reason)
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: throw .notThere(place: "folder \(shown)")
            case ENOTDIR, ELOOP:
                throw .unsafe(
                    place: shown,
                    reason: "is not a folder, or a link to one",
                    repair: "name the folder itself"
                )
            default: throw .unreadable(place: "folder \(shown)", reason: SystemFault.last.reason)
            }
        }
        do throws(StoreFault) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                throw .unreadable(place: "folder \(shown)", reason: SystemFault.last.reason)
            }
            try Self.checkOwner(status, "folder \(shown)", shown)
            guard status.st_mode & 0o077 == 0 else {
                throw .unsafe(
                    place: "folder \(shown)",
                    reason: "is open to others (mode \(Self.octal(status)))",
                    repair: "take a folder for it alone: chmod 700 \(shown)"
                )
            }
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Whether there is anything of this name.
    func has(_ name: String) -> Bool {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// The names of what is in the folder, at most 10,000.
    func names() throws(StoreFault) -> [String] {
        // Its own descriptor, as reading moves it and closing the stream closes it.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let reason = SystemFault.last.reason
            if copy >= 0 { close(copy) }
            throw .unreadable(place: "folder \(FilePath.shown(path))", reason: reason)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < 10_000, let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The bytes of a regular file that this user alone can read.
    /// - Returns: `nil` when there is no such file.
    func read(_ name: String, limit: Int) throws(StoreFault) -> [UInt8]? {
        let shown = place(name)
        // Without waiting for a writer: a FIFO in the file's place must not hang the start.
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw .unsafe(place: shown, reason: "is a symbolic link", repair: "put the file itself there")
            default: throw .unreadable(place: shown, reason: SystemFault.last.reason)
            }
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(place: shown, reason: SystemFault.last.reason) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unsafe(place: shown, reason: "is not a regular file", repair: "put a regular file there")
        }
        try Self.checkOwner(status, shown, shown)
        guard status.st_mode & 0o077 == 0 else {
            throw .unsafe(
                place: shown,
                reason: "is open to others (mode \(Self.octal(status)))",
                repair: "chmod 600 \(shown)"
            )
        }
        guard status.st_size <= limit else { throw .damaged(place: shown, what: "larger than \(limit) bytes") }
        var bytes = [UInt8](repeating: 0, count: limit < Int(status.st_size) + 1 ? limit : Int(status.st_size) + 1)
        do {
            bytes.removeLast(bytes.count - (try SystemCall.fill(&bytes, from: file)))
        } catch {
            wipe(&bytes)
            throw .unreadable(place: shown, reason: error.reason)
        }
        return bytes
    }

    /// Makes a new file of mode 600 whatever the umask, writes `bytes`, and has them on the disk before it returns.
    func create(_ name: String, _ bytes: [UInt8], probe: WriteProbe) throws(StoreFault) {
        let shown = place(name)
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(place: shown, reason: SystemFault.last.reason) }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw .unwritable(place: shown, reason: SystemFault.last.reason) }
        try probe(.created)
        do {
            try SystemCall.writeAll(bytes, to: file)
        } catch {
            throw .unwritable(place: shown, reason: error.reason)
        }
        try probe(.written)
        guard fsync(file) == 0 else { throw .unwritable(place: shown, reason: SystemFault.last.reason) }
        try probe(.synced)
    }

    /// Writes `bytes` behind what is in the file, which is made with mode 600 where it is missing, and has them on the disk
    /// before it returns.
    func append(_ name: String, _ bytes: [UInt8]) throws(StoreFault) {
        let shown = place(name)
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let file = openat(descriptor, name, flags, 0o600)
        guard file >= 0 else { throw .unwritable(place: shown, reason: SystemFault.last.reason) }
        defer { close(file) }
        do {
            try SystemCall.writeAll(bytes, to: file)
        } catch {
            throw .unwritable(place: shown, reason: error.reason)
        }
        guard fsync(file) == 0 else { throw .unconfirmed(place: shown, reason: SystemFault.last.reason) }
    }

    func rename(_ name: String, to other: String) throws(StoreFault) {
        guard renameat(descriptor, name, descriptor, other) == 0 else {
            throw .unwritable(place: place(other), reason: SystemFault.last.reason)
        }
    }

    func link(_ name: String, as other: String) throws(StoreFault) {
        guard linkat(descriptor, name, descriptor, other, 0) == 0 else {
            throw .unwritable(place: place(other), reason: SystemFault.last.reason)
        }
    }

    /// Removes the file if there is one.
    func remove(_ name: String) {
        _ = unlinkat(descriptor, name, 0)
    }

    /// Has the folder's names on the disk.
    func sync() throws(StoreFault) {
        guard fsync(descriptor) == 0 else {
            throw .unconfirmed(place: "folder \(FilePath.shown(path))", reason: SystemFault.last.reason)
        }
    }

    /// Waits until nobody else holds the lock file of this name, and holds it until the result is gone.
    func lock(_ name: String) throws(StoreFault) -> FileLock {
        let shown = place(name)
        let file = openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(place: shown, reason: SystemFault.last.reason) }
        return try FileLock(holding: file, place: shown)
    }

    func place(_ name: String) -> String { FilePath.shown("\(path)/\(name)") }

    private static func checkOwner(_ status: stat, _ place: String, _ path: String) throws(StoreFault) {
        guard status.st_uid == geteuid() else {
            throw .unsafe(
                place: place,
                reason: "belongs to user \(status.st_uid), and this is user \(geteuid())",
                repair: "chown \(geteuid()) \(path), if what is in it is yours"
            )
        }
    }

    private static func octal(_ status: stat) -> String { "0" + String(status.st_mode & 0o777, radix: 8) }
}

/// A step of a write; tests end the process or fail behind each of them.
enum WriteStep: String, CaseIterable, Sendable {
    case created, written, synced, backedUp, renamed, done
}

/// Called behind each step.
typealias WriteProbe = @Sendable (WriteStep) throws(StoreFault) -> Void
