#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Configuration {
    /// What lies around the program while it reads its configuration: variables and files. Tests bring their own.
    public struct Surroundings: Sendable {
        /// What lies at a path.
        public enum Lying: Sendable {
            case missing, unreadable, folder, empty, file
        }

        public var variables: [String: String]
        /// The bytes of a file, at most `limit` and one more; `nil` when it cannot be read.
        public var read: @Sendable (_ path: String, _ limit: Int) -> [UInt8]?
        /// What lies at a path, found out without reading it.
        public var look: @Sendable (_ path: String) -> Lying

        public init(
            variables: [String: String],
            read: @escaping @Sendable (_ path: String, _ limit: Int) -> [UInt8]?,
            look: @escaping @Sendable (_ path: String) -> Lying
        ) {
            self.variables = variables
            self.read = read
            self.look = look
        }

        /// The machine's files and these variables.
        public static func machine(variables: [String: String]) -> Surroundings {
            Surroundings(variables: variables, read: readFile, look: lookAt)
        }
    }
}

private func readFile(_ path: String, _ limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
        let wanted = min(piece.count, limit + 1 - bytes.count)
        let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, wanted) }
        if count == 0 { break }
        if count > 0 {
            bytes.append(contentsOf: piece[..<count])
        } else if errno != EINTR {
            return nil
        }
    }
    return bytes
}

private func lookAt(_ path: String) -> Configuration.Surroundings.Lying {
    var status = stat()
    guard stat(path, &status) == 0 else { return errno == EACCES ? .unreadable : .missing }
    if status.st_mode & S_IFMT == S_IFDIR { return .folder }
    guard access(path, R_OK) == 0 else { return .unreadable }
    return status.st_mode & S_IFMT == S_IFREG && status.st_size == 0 ? .empty : .file
}
