import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `file:path`: a file that holds the key and at most one line end behind it.
struct FileSource: LocalKeySource {
    static let kind = "file"
    static let form = "file:path"
    static let trimsLineEnd = true
    /// The most bytes a key file may have.
    static let limit = 65_536

    let path: String
    var label: String { "key file \(FilePath.shown(path))" }

    init(argument: String) throws(SourceFault) {
        guard !argument.isEmpty, !argument.utf8.contains(0) else {
            throw .invalidName(kind: Self.kind, form: Self.form)
        }
        path = argument
    }

    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial {
        // Without waiting for a writer: a FIFO in the file's place must not hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .missing(label: label) }
            throw .unreadable(label: label, reason: SystemFault.last.reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(label: label, reason: SystemFault.last.reason) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(label: label) }
        var bytes = [UInt8](repeating: 0, count: Self.limit + 1)
        defer { wipe(&bytes) }
        let count: Int
        do {
            count = try SystemCall.fill(&bytes, from: descriptor)
        } catch {
            throw .unreadable(label: label, reason: error.reason)
        }
        guard count <= Self.limit else { throw .tooLarge(label: label, limit: Self.limit) }
        let mode = UInt32(status.st_mode) & 0o777
        return KeyMaterial(
            Secret(copying: bytes.span.extracting(0..<count)),
            warning: mode & 0o077 == 0 ? nil : .readableByOthers(label: label, mode: mode)
        )
    }
}
