import NIOCore
import OstiaryCore
import OstiaryWire
import Synchronization

/// Questions that have failed before their clients: who repeats one is doing by himself what the gate would do for him.
///
/// Claude Code sends a failed request again without saying so (its `X-Stainless-Retry-Count` is always 0), so a repetition
/// is known by the session and the body. It is looked for only when a question has failed, so a good one costs nothing.
/// 1,024 places; the oldest is forgotten for a new one, and what is forgotten is repeated by the gate once more.
final class RepeatedQuestions: Sendable {
    /// How many places there are.
    static let limit = 1024
    /// Seconds after which the same question is a new one: longer than a client waits between two attempts.
    static let longest = 120.0

    private struct Place {
        var mark: UInt64
        var at: MonotonicTime
    }

    private struct State {
        var places: [Place] = []
        var oldest = 0
        var found: Int64 = 0
    }

    private let hash = KeyedHash()
    private let state = Mutex(State())

    /// Whether this question has failed before; from now on it has.
    /// - Returns: `false` for a client that names no session.
    func isRepeated(_ head: RequestHead, _ asked: Asked, at now: MonotonicTime) -> Bool {
        guard let session = head.withValue(.claudeCodeSession, { hash($0) }) else { return false }
        let body = asked.body.withUnsafeReadableBytes { bytes in
            bytes.withMemoryRebound(to: UInt8.self) { hash($0.span) }
        }
        // One pair is not another in reverse.
        let mark = (session &* 0x9e37_79b9_7f4a_7c15) ^ body
        return state.withLock { state in
            if let index = state.places.firstIndex(where: { $0.mark == mark }) {
                defer { state.places[index].at = now }
                guard now.seconds(since: state.places[index].at) < Self.longest else { return false }
                state.found += 1
                return true
            }
            if state.places.count < Self.limit {
                state.places.append(Place(mark: mark, at: now))
            } else {
                state.places[state.oldest] = Place(mark: mark, at: now)
                state.oldest = (state.oldest + 1) % Self.limit
            }
            return false
        }
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_model_client_repeats_total",
                .counter,
                "Questions that failed again when their clients repeated them, and that the gate then did not repeat."
            ) { [self] in Double(state.withLock(\.found)) },
            Instrument(
                "gw_model_failed_questions",
                .gauge,
                "Failed questions that are remembered; at most \(Self.limit)."
            ) { [self] in Double(state.withLock(\.places.count)) },
        ]
    }
}
