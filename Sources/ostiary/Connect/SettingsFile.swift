import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A client's settings file: read whole, replaced whole, never half written.
///
/// Somebody else's files and links are left alone: a link in a checkout could lead anywhere, and whoever owns the link
/// can lead it elsewhere at any time.
struct SettingsFile {
    /// Why a file is left as it is.
    struct Refusal: Error, Hashable {
        enum Kind: Hashable {
            /// It holds what cannot be understood.
            case content
            /// It is not what it should be, or the system does not let it be changed.
            case system
            /// There is nothing to take back.
            case nothing
        }

        let kind: Kind
        let message: String
        var hint: String?
    }

    struct Content {
        let bytes: [UInt8]
        let mode: mode_t
        fileprivate let mark: FileMark
    }

    /// The most bytes of a file that are read.
    static let largest = 4 << 20

    /// As the operator knows it.
    let path: String
    /// Where it lies, links followed.
    let target: String

    /// - Parameters:
    ///   - root: the folder that the file must lie in, wherever links lead.
    ///   - mayBeLink: false for files that only this command makes, as files.
    init(_ path: String, within root: String? = nil, mayBeLink: Bool = true) throws(Refusal) {
        self.path = path
        let folder = FilePath.folder(of: path)
        for place in [folder, path] where !place.isEmpty {
            var status = stat()
            guard lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { continue }
            guard mayBeLink || place != path else {
                throw Refusal(kind: .system, message: "\(path) is a link, and should be a file", hint: "remove it")
            }
            guard status.st_uid == geteuid() else {
                throw Refusal(
                    kind: .system,
                    message: "\(place) is a link that belongs to somebody else",
                    hint: "put a file of your own there"
                )
            }
        }
        if let real = FilePath.real(path) {
            target = real
        } else {
            var status = stat()
            guard lstat(path, &status) != 0 else {
                throw Refusal(kind: .system, message: "\(path) is a link that leads nowhere", hint: "remove it")
            }
            target = (FilePath.real(folder).map { $0 + "/" } ?? folder + "/") + FilePath.name(of: path)
        }
        if let root, let real = FilePath.real(root), FilePath.real(folder) != nil, !target.hasPrefix(real + "/") {
            throw Refusal(
                kind: .system,
                message: "\(path) is a link that leads out of the project",
                hint: "it leads to \(target); change that file with --scope user where it is yours"
            )
        }
    }

    /// The file's content; `nil` where there is no file.
    func read() throws(Refusal) -> Content? {
        let descriptor = open(target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Refusal(kind: .system, message: "\(path) cannot be read: \(Self.reason)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Refusal(kind: .system, message: "\(path) is not a file")
        }
        guard status.st_uid == geteuid() else {
            throw Refusal(
                kind: .system,
                message: "\(path) belongs to another user",
                hint: "run the command as the user whose settings they are"
            )
        }
        guard let bytes = Self.bytes(of: descriptor) else {
            throw Refusal(kind: .system, message: "\(path) is larger than 4 MiB, or cannot be read")
        }
        return Content(bytes: bytes, mode: status.st_mode & 0o7777, mark: FileMark(status))
    }

    /// Puts `bytes` in the file's place, in one step that is on the disk when this returns.
    /// - Parameters:
    ///   - former: what was read; where the file is another by now, nothing is written.
    ///   - mode: of the new file.
    func write(_ bytes: [UInt8], over former: Content?, mode: mode_t) throws(Refusal) {
        try makeFolder()
        try Self.replace(target, with: bytes, mode: mode) { () throws(Refusal) in
            guard FileMark(target, followsLinks: false) == former?.mark else {
                throw Refusal(
                    kind: .system,
                    message: "\(path) was changed by another program meanwhile",
                    hint: "run the command again"
                )
            }
        }
    }

    /// Removes the file, unless it is another by now.
    func remove(_ former: Content) throws(Refusal) {
        guard FileMark(target, followsLinks: false) == former.mark, unlink(target) == 0 else {
            throw Refusal(kind: .system, message: "\(path) cannot be removed", hint: "run the command again")
        }
        Self.settle(FilePath.folder(of: target))
    }

    private func makeFolder() throws(Refusal) {
        let folder = FilePath.folder(of: target)
        guard !folder.isEmpty, mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        throw Refusal(kind: .system, message: "the folder \(folder) cannot be made: \(Self.reason)")
    }

    // MARK: The system

    private static func replace(
        _ path: String,
        with bytes: [UInt8],
        mode: mode_t,
        check: () throws(Refusal) -> Void
    ) throws(Refusal) {
        let made = "\(path).ostiary-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
        let descriptor = open(made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Refusal(kind: .system, message: "\(FilePath.folder(of: path)) cannot be written to: \(reason)")
        }
        var isWritten =
            (try? SystemCall.writeAll(bytes, to: descriptor)) != nil && fchmod(descriptor, mode) == 0
            && fsync(descriptor) == 0
        isWritten = close(descriptor) == 0 && isWritten
        do throws(Refusal) {
            guard isWritten else { throw Refusal(kind: .system, message: "\(path) cannot be written") }
            try check()
            guard rename(made, path) == 0 else {
                throw Refusal(kind: .system, message: "\(path) cannot be replaced: \(reason)")
            }
        } catch {
            unlink(made)
            throw error
        }
        settle(FilePath.folder(of: path))
    }

    /// Has a folder's names on the disk.
    private static func settle(_ folder: String) {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func bytes(of descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= largest {
            guard let count = try? SystemCall.fill(&piece, from: descriptor) else { return nil }
            bytes += piece[..<count]
            if count < piece.count { return bytes }
        }
        return nil
    }

    private static var reason: String { SystemFault.last.reason.lowercased() }
}
