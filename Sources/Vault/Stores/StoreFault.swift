import OstiaryCore

/// Why a store does not do what it was asked. Never holds any part of a key.
public enum StoreFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no store at this place.
    case notThere(place: String)
    /// There is one already.
    case exists(place: String)
    /// Somebody else may have written or read the place; `repair` is the command that puts it right.
    case unsafe(place: String, reason: String, repair: String)
    /// The bytes are not those that were written.
    case damaged(place: String, what: String)
    /// The master secret is another one, or the wrapped keys were changed: the two cannot be told apart.
    case notOpened(place: String)
    /// An older state of the store lies in its place.
    case older(place: String, generation: Int, expected: Int, mark: String?)
    /// Written by a later version.
    case unknownFormat(place: String)
    /// The name, or the key's form, cannot be stored.
    case unusable(String)
    /// Somebody else writes, and does not end.
    case busy(place: String)
    case unreadable(place: String, reason: String)
    /// Nothing was changed.
    case unwritable(place: String, reason: String)
    /// The new state is in its place, and the disk does not confirm that it would survive a power cut.
    case unconfirmed(place: String, reason: String)
    /// The store is there and closed: its owner has to unlock it.
    case locked(place: String, reason: String)
    /// The service behind the store is not there.
    case unavailable(place: String, reason: String)

    public var description: String {
        switch self {
        case .notThere(let place): "there is no \(place)"
        case .exists(let place): "\(place) is there already"
        case .unsafe(let place, let reason, _): "\(place) \(reason)"
        case .damaged(let place, let what): "\(place) is damaged: \(what)"
        case .notOpened(let place): "\(place) is not opened by this master secret, or its keys were changed"
        case .older(let place, let generation, let expected, _):
            "\(place) is older than it was: generation \(generation), and \(expected) was there before"
        case .unknownFormat(let place): "\(place) has a format that this version does not know"
        case .unusable(let reason): reason
        case .busy(let place): "\(place) is being written by somebody else who does not end"
        case .unreadable(let place, let reason): "\(place) cannot be read: \(reason)"
        case .unwritable(let place, let reason): "\(place) cannot be written, and nothing was changed: \(reason)"
        case .unconfirmed(let place, let reason): "\(place) was written, but the disk does not confirm it: \(reason)"
        case .locked(let place, let reason): "\(place) is locked: \(reason)"
        case .unavailable(let place, let reason): "\(place) is not available: \(reason)"
        }
    }

    /// What to do about it, as a command or a sentence.
    public var hint: String? {
        switch self {
        case .unsafe(_, _, let repair): repair
        case .damaged: "the state before the last change lies beside it with .bak behind its name"
        case .older(_, _, _, let mark?):
            "if you put an old copy back on purpose: rm \(FilePath.shown(mark)), and try again"
        case .older: "if you put an old copy back on purpose, start the program again"
        default: nil
        }
    }
}
