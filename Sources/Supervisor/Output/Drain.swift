import Dispatch
import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads one stream of a child, always, so that the child never waits for a reader.
// All of its state is used on `queue` alone, which runs one thing at a time.
final class Drain: @unchecked Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "ostiary.drain")
    private let source: any DispatchSourceRead
    private var divider: LineDivider
    private let counters: OutputCounters
    private let taken: @Sendable (LineDivider.Line) -> Void
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var isOver = false

    /// - Parameter descriptor: the reading end of a pipe, nonblocking; owned from now on.
    init(
        _ descriptor: Int32,
        _ divider: LineDivider,
        _ counters: OutputCounters,
        _ taken: @escaping @Sendable (LineDivider.Line) -> Void
    ) {
        self.descriptor = descriptor
        self.divider = divider
        self.counters = counters
        self.taken = taken
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    }

    func start() {
        source.setEventHandler { [weak self] in self?.readOnce() }
        source.setCancelHandler { [descriptor] in _ = close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Reads what is there already and no more, as a process that got away may hold the other end for ever.
    func finish(_ done: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            // At most what a pipe holds.
            var rounds = 0
            while !isOver, rounds < 64, readOnce() { rounds += 1 }
            end()
            done()
        }
    }

    /// - Returns: whether something was read.
    @discardableResult
    private func readOnce() -> Bool {
        guard !isOver else { return false }
        let count = buffer.withUnsafeMutableBytes { SystemCall.read(descriptor, $0) }
        if count > 0 {
            counters.bytes.increment(by: Int64(count))
            tell(divider.take(buffer[..<count]))
            return true
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return false }
        end()
        return false
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        tell(divider.finish())
        source.cancel()
    }

    private func tell(_ lines: [LineDivider.Line]) {
        for line in lines {
            if line.isCut { counters.cut.increment() }
            if line.scrubbed > 0 { counters.scrubbed.increment(by: Int64(line.scrubbed)) }
            taken(line)
        }
    }
}
