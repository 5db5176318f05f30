import NIOSSL
public import OstiaryCore
import Synchronization

/// The TLS of a door: what new connections are greeted with. Certificate and key are read again when their files
/// change; connections that stand keep what they began with.
public final class ServerTLS: Sendable {
    private struct State {
        var material: TLSMaterial
        /// The files as they were when they were looked at last.
        var marks: [FileMark?]
        var told: TLSWarning?
    }

    private let settings: TLSSettings
    private let clock: any GateClock
    private let notice: @Sendable (TLSNotice) -> Void
    private let state: Mutex<State>
    let figures = TLSFigures()

    /// Reads the files.
    /// - Parameter notice: told of what an operator should read; called from any thread.
    public init(
        _ settings: TLSSettings,
        clock: any GateClock,
        notice: @escaping @Sendable (TLSNotice) -> Void
    ) throws(TLSFault) {
        self.settings = settings
        self.clock = clock
        self.notice = notice
        let marks = settings.files.map { FileMark($0.path) }
        let (material, warnings) = try Self.read(settings)
        state = Mutex(State(material: material, marks: marks, told: nil))
        for warning in warnings { notice(.warning(warning)) }
        figures.until.set(Int64(material.notAfter.seconds))
        tellTime()
    }

    /// What a new connection is greeted with.
    var context: NIOSSLContext { state.withLock { $0.material.context } }

    /// Reads the files again if they changed. Files that cannot be used change nothing. It waits for the disk, so it is
    /// not for a loop.
    public func refresh() {
        let marks = settings.files.map { FileMark($0.path) }
        // Two files that are replaced one after the other do not fit in between: the second change is looked at too.
        let isChanged = state.withLock { state in
            defer { state.marks = marks }
            return state.marks != marks
        }
        if isChanged { load() }
        tellTime()
    }

    private func load() {
        do throws(TLSFault) {
            let (material, warnings) = try Self.read(settings)
            state.withLock { $0.material = material }
            figures.until.set(Int64(material.notAfter.seconds))
            figures.reloads.increment()
            for warning in warnings { notice(.warning(warning)) }
            notice(.changed(until: material.notAfter))
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

    private static func read(_ settings: TLSSettings) throws(TLSFault) -> (TLSMaterial, [TLSWarning]) {
        var files = try TLSFiles(reading: settings)
        defer { files.forgetKey() }
        return (try TLSMaterial(files, for: settings), files.warnings)
    }

    /// Notes how a handshake ended.
    func note(_ result: TLSFigures.Result) {
        figures.count(result)
        if let reason = result.reason { notice(.handshakeFailed(reason: reason)) }
    }

    /// The numbers for the operator.
    public var instruments: [Instrument] { figures.instruments }
}
