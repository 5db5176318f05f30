import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the writer's thread puts lines.
public protocol LogSink: Sendable {
    /// Writes all of `bytes`; may block, as only the writer's own thread calls it.
    /// - Returns: whether all of them were taken.
    func write(_ bytes: [UInt8]) -> Bool
}

/// A file descriptor: standard error, standard output or an open file. Not closed by the sink.
public struct DescriptorSink: LogSink {
    private let descriptor: Int32

    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    public func write(_ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                return SystemCall.write(descriptor, rest)
            }
            if count > 0 {
                written += count
            } else if count == 0 {
                return false
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, 1_000)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
