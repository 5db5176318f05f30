/// Why a key cannot be had. Never holds any part of the key, nor a reference that may be a key itself.
public enum SourceFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reference has no kind that is known. It is not repeated here: it may be a key pasted into the wrong place.
    case notAReference
    /// A kind that other versions have, such as `vault`.
    case notAvailable(kind: String)
    case invalidName(kind: String, form: String)
    case missing(label: String)
    case unreadable(label: String, reason: String)
    case notAFile(label: String)
    case tooLarge(label: String, limit: Int)
    case empty(label: String)
    /// A control character, a line end or a byte that is not ASCII inside, or a space at an end.
    case invalidCharacter(label: String)
    case timedOut(label: String)
    /// What the source gave is over already.
    case expired(label: String)
    /// Nobody waits for it any more, or too many do.
    case givenUp(label: String)
    /// The source itself refuses, in words of a closed list.
    case refused(label: String, reason: String)

    /// Whether trying again is in vain until somebody changes something.
    public var isLasting: Bool {
        switch self {
        case .unreadable, .timedOut, .expired, .givenUp: false
        default: true
        }
    }

    public var description: String {
        switch self {
        case .notAReference:
            "not a source reference: write \(KeySources.forms.joined(separator: " or ")); a key itself is never"
                + " written here"
        case .notAvailable(let kind):
            "the source \(kind): is not available in this version; use \(KeySources.forms.joined(separator: " or "))"
        case .invalidName(let kind, let form): "the source \(kind): is written \(form)"
        case .missing(let label): "\(label) is not there"
        case .unreadable(let label, let reason): "\(label) cannot be read: \(reason)"
        case .notAFile(let label): "\(label) is not a regular file"
        case .tooLarge(let label, let limit): "\(label) is larger than \(limit) bytes"
        case .empty(let label): "\(label) is empty"
        case .invalidCharacter(let label):
            "\(label) holds something that is no key: printable ASCII without spaces at the ends is expected"
        case .timedOut(let label): "\(label) did not answer in time"
        case .expired(let label): "\(label) gave a key whose time is over"
        case .givenUp(let label): "\(label) was not waited for"
        case .refused(let label, let reason): "\(label) refuses: \(reason)"
        }
    }
}

/// What does not stop the start and should be known.
public enum SourceWarning: Hashable, Sendable, CustomStringConvertible {
    /// Others than the owner may read the file. Not a refusal, as containers mount secrets with mode 0444.
    case readableByOthers(label: String, mode: UInt32)
    /// The gate's store has no key of this name; calls that need it are refused until it has.
    case notStoredYet(label: String)

    public var description: String {
        switch self {
        case .notStoredYet(let label): "\(label) is not stored yet: its provider's calls are answered 503 until it is"
        case .readableByOthers(let label, let mode):
            "\(label) may be read by others (mode 0\(String(mode, radix: 8))): chmod 600 if you can"
        }
    }
}
