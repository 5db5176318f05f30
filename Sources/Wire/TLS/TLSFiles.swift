import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The bytes of a door's TLS files, as they were at one moment.
public struct TLSFiles: Sendable {
    /// The most bytes that one of the files may have.
    public static let limit = 1 << 20

    var certificate: [UInt8]
    var key: [UInt8]
    var authorities: [UInt8]?
    var warnings: [TLSWarning] = []

    /// Bytes that somebody else has read.
    public init(certificate: [UInt8], key: [UInt8], authorities: [UInt8]?) {
        self.certificate = certificate
        self.key = key
        self.authorities = authorities
    }

    /// Reads the files.
    init(reading settings: TLSSettings) throws(TLSFault) {
        (certificate, _) = try Self.read(.certificate, settings.certificate)
        let mode: UInt32
        (key, mode) = try Self.read(.key, settings.key)
        if mode & 0o077 != 0 { warnings.append(.readableByOthers(path: settings.key, mode: mode)) }
        if let path = settings.authorities { authorities = try Self.read(.authorities, path).bytes }
    }

    /// Overwrites the private key.
    mutating func forgetKey() {
        for index in key.indices { key[index] = 0 }
    }

    private static func read(_ role: TLSFault.Role, _ path: String) throws(TLSFault) -> (bytes: [UInt8], mode: UInt32) {
        // Without waiting for a writer: a FIFO in the file's place must not hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw TLSFault(role, path, errno == ENOENT ? .missing : .unreadable) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw TLSFault(role, path, .unreadable) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw TLSFault(role, path, .notAFile) }
        guard status.st_size <= limit else { throw TLSFault(role, path, .tooLarge) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        do {
            bytes.removeLast(bytes.count - (try SystemCall.fill(&bytes, from: descriptor)))
        } catch {
            throw TLSFault(role, path, .unreadable)
        }
        return (bytes, UInt32(status.st_mode) & 0o777)
    }
}
