#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system said instead of doing it.
public struct SystemFault: Error, Hashable, Sendable {
    /// `errno`.
    public let code: Int32

    public init(_ code: Int32) {
        self.code = code
    }

    /// The fault of the call that has just failed.
    public static var last: SystemFault { SystemFault(errno) }

    /// What it means, for people.
    public var reason: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}

/// Reading from and writing to a descriptor: the system's functions as they are, and what most callers want of them, which
/// goes on after an interruption until all is done. For files and pipes that may block; sockets have ways of their own.
public enum SystemCall {
    /// Whether there is a program of this path that may be run.
    public static func mayExecute(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// read(2).
    public static func read(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.read(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.read(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    /// write(2).
    public static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    /// Reads until `bytes` is full or nothing more comes. The array keeps its size, so that a secret in it leaves no
    /// copies behind.
    /// - Returns: how many bytes were read.
    public static func fill(_ bytes: inout [UInt8], from descriptor: Int32) throws(SystemFault) -> Int {
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            }
            if count == 0 { break }
            if count > 0 {
                filled += count
            } else if errno != EINTR {
                throw .last
            }
        }
        return filled
    }

    /// Writes all of `bytes`.
    public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemFault) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
            }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw .last
            }
        }
    }
}
