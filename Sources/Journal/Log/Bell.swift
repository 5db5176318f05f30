#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Wakes one thread from any other, through a pipe: unlike a condition variable its time-out does not follow a wall
/// clock that jumps.
final class Bell: Sendable {
    private let reading: Int32
    private let writing: Int32

    /// `nil` when the system has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        reading = ends[0]
        writing = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    /// Never blocks; a ring while another is waiting is one ring.
    func ring() {
        var byte: UInt8 = 1
        while write(writing, &byte, 1) < 0 && errno == EINTR {}
    }

    /// Waits for a ring and takes all that are there. A negative number of milliseconds waits for ever.
    /// - Returns: whether there was one in time.
    func wait(milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        var result = poll(&ready, 1, milliseconds)
        while result < 0 && errno == EINTR { result = poll(&ready, 1, milliseconds) }
        guard result > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(reading, &bytes, bytes.count) == bytes.count {}
        return true
    }

    deinit {
        close(reading)
        close(writing)
    }
}
