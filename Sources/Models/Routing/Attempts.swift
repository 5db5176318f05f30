import NIOCore
import OstiaryCore
import OstiaryWire
import Synchronization

/// One question that several may answer, or one provider more than once: goes from one to the next until somebody does,
/// as long as nothing of an answer has gone to the client (R18, SEC-505).
///
/// The next one is asked when a provider cannot be reached, takes too long, cannot be understood, refuses the gate's key,
/// is limited (429) or fails (5xx). What the client did wrong stays wrong elsewhere. The same provider is asked again only
/// where `retries` says so, within a budget, not when the client's library is repeating already, and only for failures
/// that pass quickly: no connection, a 429 that ends within two seconds, a 5xx.
final class Attempts {
    /// Seconds of a `Retry-After` that are waited for.
    static let longestWait = 2.0
    /// Seconds before the first repetition; each further one waits twice as long.
    private static let pause = 0.2

    /// Why an attempt has failed.
    enum Failing {
        case error(GateError)
        /// The provider's status, and after how many seconds it may be asked again, where it says so.
        case status(Int, retryAfter: Double?)
    }

    let asked: Asked
    let call: Call
    let head: RequestHead
    let permit: Permit
    let client: RequestBody
    let worker: Worker
    let asker: any Asker
    private let models: Models
    private var targets: ArraySlice<Models.Target>
    private var current: Models.Target?
    private var began = MonotonicTime(nanoseconds: 0)
    private var repeated = 0

    init(
        _ models: Models,
        _ targets: [Models.Target],
        _ asked: Asked,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker
    ) {
        self.models = models
        self.targets = targets[...]
        self.asked = asked
        self.call = call
        self.head = head
        self.permit = permit
        self.client = client
        self.worker = worker
        self.asker = asker
    }

    /// Asks the first one, under a key that was lent already.
    func begin(_ key: consuming Loan?) {
        guard let target = targets.popFirst() else { return asker.failed(GateError(.modelNotFound)) }
        ask(target, key)
    }

    /// An answer has begun that goes to the client.
    func succeeded() {
        guard let current else { return }
        current.latency?.ended(worker.now.seconds(since: began), failed: false, at: worker.now)
    }

    /// Goes on after a failure.
    /// - Returns: whether somebody else, or the same once more, is asked. If not, the failure is the client's to hear of.
    func goOn(after failing: Failing) -> Bool {
        current?.latency?.ended(worker.now.seconds(since: began), failed: true, at: worker.now)
        guard client.isWanted else { return false }
        if let current, let wait = waitBeforeRepeating(current, failing) {
            models.figures.repeated.increment()
            later(seconds: wait, current)
            return true
        }
        guard failing.mayGoElsewhere, let next = targets.popFirst() else { return false }
        models.figures.fellBack.increment()
        begin(next)
        return true
    }

    private func begin(_ target: Models.Target) {
        repeated = 0
        asker.goes(to: target.provider)
        lendAndAsk(target)
    }

    private func lendAndAsk(_ target: Models.Target) {
        do throws(GateError) {
            var key: Loan?
            if target.credential != nil { key = try asker.lendKey(of: target.provider, for: permit) }
            ask(target, key)
        } catch {
            current = nil
            if !goOn(after: .error(error)) { asker.failed(error) }
        }
    }

    private func ask(_ target: Models.Target, _ key: consuming Loan?) {
        current = target
        began = worker.now
        target.latency?.began()
        models.put(asked, to: target, call, head, permit, key, client: client, on: worker, for: asker, attempts: self)
    }

    private func later(seconds: Double, _ target: Models.Target) {
        client.run { [self] in
            try? await models.clock.sleep(seconds: seconds)
            guard client.isWanted else { return asker.failed(GateError(.clientGone)) }
            lendAndAsk(target)
        }
    }

    /// How long to wait before the same provider is asked once more; `nil` where it is not.
    private func waitBeforeRepeating(_ target: Models.Target, _ failing: Failing) -> Double? {
        guard repeated < target.retries, let wait = failing.waitBeforeRepeating else { return nil }
        let isRepeatedByClient = head.withValue(.stainlessRetryCount) { !($0.count == 1 && $0[0] == UInt8(ascii: "0")) }
        guard isRepeatedByClient != true, repeated > 0 || !models.failed.isRepeated(head, asked, at: worker.now),
            target.takeRetry(at: worker.now)
        else { return nil }
        repeated += 1
        return max(wait, Self.pause * Double(1 << (repeated - 1)))
    }
}

extension Attempts.Failing {
    /// Whether another provider may do better.
    var mayGoElsewhere: Bool {
        switch self {
        case .error(let error): error.source == .upstream || error.code == .credentialUnavailable
        case .status(let status, _): status == 401 || status == 403 || status == 408 || status == 429 || status >= 500
        }
    }

    /// Seconds that the same provider has to be left before it is asked once more; `nil` where that is of no use.
    fileprivate var waitBeforeRepeating: Double? {
        switch self {
        case .error(let error): error.code == .upstreamUnreachable && "\(error.cause)" != "breaker_open" ? 0 : nil
        case .status(429, let seconds?): seconds <= Attempts.longestWait ? seconds : nil
        case .status(429, nil): nil
        case .status(let status, let seconds):
            status >= 500 && (seconds ?? 0) <= Attempts.longestWait ? seconds ?? 0 : nil
        }
    }
}

/// How often somebody else, or the same once more, was asked.
final class AttemptFigures: Sendable {
    let repeated = Counter()
    let fellBack = Counter()

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_model_retries_total",
                .counter,
                "Questions put to the same provider once more because it failed."
            ) { [self] in Double(repeated.current) },
            Instrument(
                "gw_model_fallbacks_total",
                .counter,
                "Questions put to the next provider of a model because one failed."
            ) { [self] in Double(fellBack.current) },
        ]
    }
}
