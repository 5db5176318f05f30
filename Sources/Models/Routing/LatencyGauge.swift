import OstiaryCore
import Synchronization

/// How long a provider takes until its answers begin: an average that rises at once with a slow answer and comes down
/// slowly (peak EWMA), times those who wait for one. The lower, the sooner the next is served.
///
/// Asked for models with `choice: latency` alone. Shared by all workers.
final class LatencyGauge: Sendable {
    /// Seconds in which an old measurement loses two thirds of its weight.
    private static let memory = 10.0
    /// What is assumed of a provider that nobody has asked yet, in seconds: low, so that somebody does.
    private static let unknown = 0.001

    private struct Book {
        var average: Double?
        var noted = MonotonicTime(nanoseconds: 0)
        var waiting = 0
    }

    private let book = Mutex(Book())

    /// A call goes out.
    func began() { book.withLock { $0.waiting += 1 } }

    /// The answer of a call that went out begins, or there is none.
    /// - Parameter seconds: how long that took; a failure counts as what it took, and ten seconds.
    func ended(_ seconds: Double, failed: Bool, at now: MonotonicTime) {
        let measured = failed ? seconds + 10 : seconds
        book.withLock { book in
            book.waiting = max(0, book.waiting - 1)
            let old = Self.decayed(book, now)
            book.average = measured > old ? measured : old + (measured - old) * 0.3
            book.noted = now
        }
    }

    /// What a further call would have to wait, in seconds.
    func load(at now: MonotonicTime) -> Double {
        book.withLock { Self.decayed($0, now) * Double($0.waiting + 1) }
    }

    /// Forgets slowly, so that a provider that was slow is tried again.
    private static func decayed(_ book: Book, _ now: MonotonicTime) -> Double {
        guard let average = book.average else { return unknown }
        let age = max(0, now.seconds(since: book.noted))
        // 1 / (1 + x) stands in for the exponential, which is not in the standard library.
        return max(unknown, average / (1 + age / memory))
    }
}
