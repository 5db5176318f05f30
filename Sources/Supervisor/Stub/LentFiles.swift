import CSupervise
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A private folder in memory with one file for each secret that a child reads as a file: folder 700, files 600, gone
/// when the child is (SEC-403).
final class LentFiles {
    private let folder: String
    private var names: Set<String> = []

    /// - Parameter runtime: the user's folder for such things (XDG_RUNTIME_DIR), where it lies in memory.
    init(_ runtime: String?) throws(SystemFault) {
        for parent in [runtime, "/dev/shm"].compactMap({ $0 }) where Self.isInMemory(parent) {
            var template = Array("\(parent)/ostiary-XXXXXX".utf8CString)
            if mkdtemp(&template) != nil {
                folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return
            }
        }
        // Rather no child than a key on a disk.
        throw SystemFault(ENOSPC)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes the file anew, by rename, so that a reader sees one value or the other.
    func write(_ name: String, _ memory: Int32) throws(SystemFault) {
        var bytes = try Self.bytes(of: memory)
        defer {
            bytes.withUnsafeMutableBytes { buffer in
                if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
            }
        }
        let new = path(".\(name)")
        unlink(new)
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .last }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw .last }
        try SystemCall.writeAll(bytes, to: file)
        guard rename(new, path(name)) == 0 else { throw .last }
        names.insert(name)
    }

    /// Puts another secret into a file that is there already.
    func replace(_ name: String, _ memory: Int32) {
        guard names.contains(name) else { return }
        try? write(name, memory)
    }

    func remove() {
        for name in names { unlink(path(name)) }
        rmdir(folder)
    }

    /// What is in a lent memory, at most 64 KiB.
    static func bytes(of memory: Int32) throws(SystemFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        guard lseek(memory, 0, SEEK_SET) == 0 else { throw .last }
        let count = try SystemCall.fill(&bytes, from: memory)
        _ = lseek(memory, 0, SEEK_SET)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private static func isInMemory(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return csupervise_is_in_memory(descriptor) == 1
    }
}
