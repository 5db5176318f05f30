import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The right to write, for one process and one thread at a time (flock(2)); the kernel ends it with the process.
struct FileLock: ~Copyable {
    /// How often it asks, 20 ms apart: ten seconds, then something is wrong with whoever holds it.
    private static let attempts = 500

    private let descriptor: Int32

    /// Takes `descriptor` over.
    init(holding descriptor: Int32, place: String) throws(StoreFault) {
        var rest = Self.attempts
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            rest -= 1
            guard code == EWOULDBLOCK || code == EINTR, rest > 0 else {
                close(descriptor)
                if rest <= 0 { throw .busy(place: place) }
                throw .unwritable(place: place, reason: SystemFault(code).reason)
            }
            _ = poll(nil, 0, 20)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
