import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import Synchronization

/// The revoked tokens of a running gate and the file they come from, looked at every second.
///
/// A file that cannot be read changes nothing, and one that is gone takes nothing back: what was revoked stays revoked for
/// as long as the gate runs.
final class WatchedRevocations: Sendable {
    private struct State {
        var mark: FileMark?
        var isGood = true
    }

    /// `nil` where there is no file: then nothing is revoked.
    let path: String?
    let known: RevokedTokens
    private let file: RevocationsFile?
    private let state: Mutex<State>

    /// Reads the file.
    init(path: String?) throws(RevocationsFile.Trouble) {
        self.path = path
        let file: RevocationsFile? = if let path { try RevocationsFile(path: path) } else { nil }
        self.file = file
        let mark = file?.mark
        known = RevokedTokens(try file?.read() ?? RevocationDocument())
        state = Mutex(State(mark: mark))
    }

    /// Takes the file over if it has changed since.
    func refresh(_ journal: Journal) {
        guard let file else { return }
        // Before the reading: a change meanwhile is seen the next time.
        let mark = file.mark
        guard mark != nil || known.count == 0, state.withLock({ $0.mark }) != mark else { return }
        do throws(RevocationsFile.Trouble) {
            known.replace(with: try file.read())
            journal.event(.info, "the revoked tokens were taken over", ["tokens": "\(known.count)"])
            state.withLock { $0 = State(mark: mark) }
        } catch {
            journal.event(
                .error,
                "the file of revoked tokens changed and cannot be used; what was there before goes on",
                ["reason": "\(error)", "hint": error.hint ?? ""]
            )
            state.withLock { $0 = State(mark: mark, isGood: false) }
        }
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_nuc_revocations_good",
                .gauge,
                "1 while the file of revoked tokens is as the gate has it; 0 since it changed to what cannot be used."
            ) { [self] in state.withLock { $0.isGood } ? 1 : 0 }
        ]
    }
}
