import OstiaryCore
import OstiaryJournal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// SIGHUP, which means: read the configuration again.
///
/// A terminal that goes away sends it too. A gate that was started on a terminal ends with it, as any other program does,
/// unless it was told to outlive it (`nohup`).
final class HangUps: Sendable {
    private let signals: Signals
    private let endsWithTerminal: Bool

    /// Counts from now on, so that none ends the process while it starts.
    init() {
        let wasIgnored = unsafeBitCast(signal(SIGHUP, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        endsWithTerminal = !wasIgnored && Self.hasTerminal
        signals = Signals([SIGHUP])
    }

    /// Reloads the gate's configuration at each one until `stop`.
    func reload(_ gate: Gate, telling manager: ServiceManager) async {
        var seen = 0
        while true {
            await signals.wait(for: seen + 1)
            guard !signals.isStopped else { return }
            seen = signals.count
            if endsWithTerminal, !Self.hasTerminal {
                gate.rooms.journal.event(.info, "the terminal is gone")
                kill(getpid(), SIGTERM)
                return
            }
            manager.reloading(SystemClock())
            _ = await gate.reloading.reload()
            manager.ready()
        }
    }

    func stop() { signals.stop() }

    /// Whether there is a terminal that controls this process.
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }
}
