import NIOSSL
public import OstiaryCore
import Synchronization

/// The TLS of a door: what new connections are greeted with. Certificate and key are read again when their files
/// change; connections that stand keep what they began with.
public final class ServerTLS: Sendable {
    /// Other settings, read and found good, and not yet in force.
    public struct Change: Sendable {
        fileprivate let settings: TLSSettings
        fileprivate let marks: [FileMark?]
        fileprivate let material: TLSMaterial
        /// What the operator should know.
        public let warnings: [TLSWarning]

        /// Reads the files.
        public init(to settings: TLSSettings) throws(TLSFault) {
            self.settings = settings
            marks = settings.files.map { FileMark($0.path) }
            var files = try TLSFiles(reading: settings)
            defer { files.forgetKey() }
            material = try TLSMaterial(files, for: settings)
            warnings = files.warnings
        }
    }

    private struct State {
        var settings: TLSSettings
        var material: TLSMaterial
        /// The files as they were when they were looked at last.
        var marks: [FileMark?]
        var told: TLSWarning?
        /// Handshakes that failed and were told of, by result, and when.
        var toldFailures: [TLSFigures.Result: Int] = [:]
        var toldAt: MonotonicTime?
    }

    private let clock: any GateClock
    private let notice: @Sendable (TLSNotice) -> Void
    private let state: Mutex<State>
    private let figures: TLSFigures

    /// - Parameters:
    ///   - first: what the door begins with.
    ///   - door: where to count.
    ///   - notice: told of what an operator should read; called from any thread.
    public init(
        _ first: Change,
        door: Door,
        clock: any GateClock,
        notice: @escaping @Sendable (TLSNotice) -> Void
    ) {
        self.clock = clock
        self.notice = notice
        figures = door.books.tls
        state = Mutex(State(settings: first.settings, material: first.material, marks: first.marks, told: nil))
        figures.until.set(Int64(first.material.notAfter.seconds))
        tellTime()
    }

    /// What a new connection is greeted with.
    var context: NIOSSLContext { state.withLock { $0.material.context } }

    /// Puts other settings in force for new connections.
    public func apply(_ change: Change) {
        state.withLock { state in
            state.settings = change.settings
            state.material = change.material
            state.marks = change.marks
        }
        figures.until.set(Int64(change.material.notAfter.seconds))
        tellTime()
    }

    /// Reads the files again if they changed. Files that cannot be used change nothing. It waits for the disk, so it is
    /// not for a loop.
    public func refresh() {
        let settings = state.withLock { $0.settings }
        let marks = settings.files.map { FileMark($0.path) }
        // Two files that are replaced one after the other do not fit in between: the second change is looked at too.
        let isChanged = state.withLock { state in
            guard state.settings == settings else { return false }
            defer { state.marks = marks }
            return state.marks != marks
        }
        if isChanged { read(settings) }
        tellTime()
        tellFailures()
    }

    private func read(_ settings: TLSSettings) {
        do throws(TLSFault) {
            let change = try Change(to: settings)
            let isApplied = state.withLock { state in
                // Somebody may have put other settings in force meanwhile.
                guard state.settings == settings else { return false }
                state.material = change.material
                return true
            }
            guard isApplied else { return }
            figures.until.set(Int64(change.material.notAfter.seconds))
            figures.reloads.increment()
            for warning in change.warnings { notice(.warning(warning)) }
            notice(.changed(until: change.material.notAfter))
        } catch {
            figures.refusedReloads.increment()
            notice(.refused(error))
        }
    }

    /// Says that the certificate comes to its end, once a day.
    private func tellTime() {
        let now = clock.now
        let warning = state.withLock { state -> TLSWarning? in
            let warning = state.material.warning(at: now)
            guard warning != state.told else { return nil }
            state.told = warning
            return warning
        }
        if let warning { notice(.warning(warning)) }
    }

    /// Notes how a handshake ended.
    func note(_ result: TLSFigures.Result) { figures.count(result) }

    /// Seconds between two tellings of failed handshakes.
    private static let failurePause = 60.0

    private func tellFailures() {
        let now = clock.monotonic
        let counts = [.failed, .certificate, .timeout].map { (result: TLSFigures.Result) in
            (result, figures.current(result))
        }
        let news = state.withLock { state -> [TLSFigures.Result: Int]? in
            if let toldAt = state.toldAt, now.seconds(since: toldAt) < Self.failurePause { return nil }
            let news = counts.map { ($0, $1 - (state.toldFailures[$0] ?? 0)) }
            guard news.contains(where: { $1 > 0 }) else { return nil }
            state.toldAt = now
            state.toldFailures = Dictionary(uniqueKeysWithValues: counts)
            return Dictionary(uniqueKeysWithValues: news)
        }
        guard let news else { return }
        notice(
            .handshakesFailed(
                failed: news[.failed] ?? 0,
                certificate: news[.certificate] ?? 0,
                timeout: news[.timeout] ?? 0
            )
        )
    }
}
