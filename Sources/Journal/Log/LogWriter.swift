public import OstiaryCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Takes lines from anywhere and writes them from one thread of its own: about 20 ms after the first line of a batch,
/// at once when 32 KiB are waiting, and when it is closed.
///
/// Appending copies the line under a lock and never waits for the sink. The thread sleeps without a time-out while
/// there is nothing to write.
public final class LogWriter: Sendable {
    private let buffer = LogBuffer()
    private let lost = Counter()
    private let bell: Bell
    private let done: Bell
    private let closing = Atomic<Bool>(false)

    private static let pauseMilliseconds: Int32 = 20

    /// Starts the thread; it ends at `close`.
    /// - Parameter notice: makes the line that tells how many lines were dropped.
    /// - Throws: `LogWriterFault` when the system gives no pipe or thread.
    public init(
        sink: any LogSink,
        notice: @escaping @Sendable (_ dropped: Int) -> [UInt8] = { _ in [] }
    ) throws(LogWriterFault) {
        guard let bell = Bell(), let done = Bell() else { throw LogWriterFault() }
        self.bell = bell
        self.done = done
        guard start(sink, notice) else { throw LogWriterFault() }
    }

    /// Takes whole lines, their line ends included. Dropped and counted when 1 MiB is waiting already or the writer is
    /// closed.
    public func append(_ line: [UInt8]) {
        append { $0.raw(line) }
    }

    /// Has a line written in place.
    func append(_ write: (inout LineBytes) -> Void) {
        switch buffer.append(write) {
        case .none: return
        case .first, .urgent: bell.ring()
        }
    }

    /// Writes what is waiting and ends the thread.
    /// - Parameter milliseconds: how long to wait for a sink that does not take its lines.
    /// - Returns: whether all was written in time.
    @discardableResult
    public func close(within milliseconds: Int32 = 1_000) -> Bool {
        closing.store(true, ordering: .releasing)
        bell.ring()
        return done.wait(milliseconds: milliseconds)
    }

    /// What the writer shows to the operator.
    public var instruments: [Instrument] {
        [
            Instrument(
                "gw_log_lines_dropped_total",
                .counter,
                "Log lines dropped because \(LogBuffer.limit) bytes were waiting already."
            ) { [buffer] in Double(buffer.dropped.current) },
            Instrument(
                "gw_log_waiting_bytes",
                .gauge,
                "Log bytes that wait to be written; at most \(LogBuffer.limit)."
            ) { [buffer] in Double(buffer.fill) },
            Instrument("gw_log_lost_bytes_total", .counter, "Log bytes that the sink refused.") { [lost] in
                Double(lost.current)
            },
        ]
    }

    private func run(_ sink: any LogSink, _ notice: (Int) -> [UInt8]) {
        while true {
            _ = bell.wait(milliseconds: -1)
            // More lines usually follow the first; a second ring means that there are many, or that it is time to end.
            if !closing.load(ordering: .acquiring) { _ = bell.wait(milliseconds: Self.pauseMilliseconds) }
            let last = closing.load(ordering: .acquiring)
            var (bytes, dropped) = buffer.drain()
            if dropped > 0 { bytes += notice(dropped) }
            if !bytes.isEmpty && !sink.write(bytes) { lost.increment(by: Int64(bytes.count)) }
            if last {
                done.ring()
                return
            }
        }
    }

    private func start(_ sink: any LogSink, _ notice: @escaping @Sendable (Int) -> [UInt8]) -> Bool {
        let work = Unmanaged.passRetained(Work { [self] in run(sink, notice) })
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = pthread_create(&thread, nil, runWork, work.toOpaque())
        if result != 0 { work.release() }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            if result == 0 { pthread_detach(thread) }
        #endif
        return result == 0
    }
}

/// The system gave no pipe or thread for the log.
public struct LogWriterFault: Error, Sendable, CustomStringConvertible {
    public var description: String { "the log's thread cannot be started: too many open files or threads" }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

#if canImport(Darwin)
    private func runWork(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        ignoreBrokenPipes()
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
#else
    private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        ignoreBrokenPipes()
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
    }
#endif

/// A log that goes into a pipe whose reader has left must not end the process.
private func ignoreBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
