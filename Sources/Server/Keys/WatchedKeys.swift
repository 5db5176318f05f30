import Crypto
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import Synchronization

/// The virtual keys of a running gate and the file they come from: looked at every second and taken over whole when it
/// has changed, so that a key is known, or known no more, a second after the command that made it so.
///
/// A file that is gone means that there are no keys. One that cannot be read changes nothing, and the operator is told:
/// everybody would be locked out by a wrong mode otherwise. What is written when, and how often, is `keep`'s to say.
final class WatchedKeys: Sendable {
    /// Seconds between two looks, and between two times that uses are written down.
    static let glance = 1.0
    static let noting = 60.0

    private struct State {
        var mark: FileMark?
        var isGood = true
        var notedAt: MonotonicTime?
        var noted: [String: Int] = [:]
    }

    let file: KeysFile
    let known: KnownKeys
    private let state: Mutex<State>
    private let changes = Counter()

    /// Reads the file.
    init(_ file: KeysFile, pseudonymKey: SymmetricKey) throws(KeysFile.Trouble) {
        self.file = file
        let mark = file.mark
        known = KnownKeys(try file.read() ?? KeyDocument(), pseudonymKey: pseudonymKey)
        state = Mutex(State(mark: mark))
    }

    /// Takes the file over if it has changed since.
    func refresh(_ journal: Journal) {
        // Before the reading: a change meanwhile is seen the next time.
        let mark = file.mark
        guard state.withLock({ $0.mark }) != mark else { return }
        do throws(KeysFile.Trouble) {
            known.replace(with: try file.read() ?? KeyDocument())
            changes.increment()
            journal.event(.info, "the virtual keys were taken over", ["keys": "\(known.count)"])
            state.withLock { state in
                state.mark = mark
                state.isGood = true
            }
        } catch {
            journal.event(
                .error,
                "the file of virtual keys changed and cannot be used; what was there before goes on",
                ["reason": "\(error)", "hint": error.hint ?? ""]
            )
            state.withLock { state in
                state.mark = mark
                state.isGood = false
            }
        }
    }

    /// Writes down when keys were used, once a minute at most and only what is new by a minute.
    func note(_ journal: Journal, at moment: MonotonicTime) {
        let isDue = state.withLock { state in
            if let last = state.notedAt, moment.seconds(since: last) < Self.noting { return false }
            state.notedAt = moment
            return true
        }
        if isDue { noteNow(journal) }
    }

    /// The same at once: at the gate's end.
    func noteNow(_ journal: Journal) {
        let uses = known.uses.mapValues { $0 / 60 * 60 }
        guard !uses.isEmpty, state.withLock({ $0.noted }) != uses else { return }
        do throws(KeysFile.Trouble) {
            try file.note(uses, of: known.names)
            state.withLock { $0.noted = uses }
        } catch {
            journal.event(.warning, "when virtual keys were used cannot be written down", ["reason": "\(error)"])
        }
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_keys_file_good",
                .gauge,
                "1 while the file of virtual keys is as the gate has it; 0 since it changed to what cannot be used."
            ) { [self] in state.withLock { $0.isGood } ? 1 : 0 },
            Instrument("gw_keys_changes_total", .counter, "Changes of the file of virtual keys taken over.") {
                [changes] in Double(changes.current)
            },
        ]
    }
}
