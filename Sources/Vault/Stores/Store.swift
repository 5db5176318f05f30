public import OstiaryCore

/// A place that keeps keys under names and gives them back.
///
/// An implementer must
/// - have a write on its medium before `write` returns, and leave the old state whole when it fails;
/// - give back exactly the bytes that were written, or fail: never something else, never "not there" for "not readable";
/// - keep no copy of a key that outlives the call, except in a `Secret`;
/// - be safe to use from several threads at once, and from several processes where the medium is shared.
///
/// Calls may block: they are made at start, by the refresh engine and by commands, never while a request waits. Every
/// implementation passes `Tests/VaultTests/Stores/StoreContract.swift`.
public protocol Store: Sendable {
    /// What the store is called in errors.
    var label: String { get }

    /// All names with their times, in the order of their bytes.
    func list() throws(StoreFault) -> [StoredKey]

    /// The key of this name, or `nil` when there is none.
    func read(_ name: StoredName) throws(StoreFault) -> Secret?

    /// Keeps `secret` under this name, in the place of what was there.
    /// - Parameter time: when it is, for the times that `list` shows.
    func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault)

    /// Forgets the key of this name.
    /// - Returns: whether there was one.
    @discardableResult
    func remove(_ name: StoredName) throws(StoreFault) -> Bool
}

/// What may be told about a stored key.
public struct StoredKey: Hashable, Sendable {
    public let name: StoredName
    /// When a key was first stored under this name; `nil` where the store does not know.
    public let created: UnixTime?
    /// When it was last replaced.
    public let updated: UnixTime?

    public init(name: StoredName, created: UnixTime?, updated: UnixTime?) {
        self.name = name
        self.created = created
        self.updated = updated
    }
}

/// The name of a stored key: 1 to 128 characters of `A-Z a-z 0-9 . _ - : @ /`, the first a letter or a digit. Of this
/// form, a name means the same in a file, in a keyring and on a command line, and cannot end what it stands in.
public struct StoredName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// - Throws: `StoreFault.unusable`, without repeating `text`, which may be a key in the wrong place.
    public init(_ text: String) throws(StoreFault) {
        let isUsable =
            (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(Self.mayHold)
            && (text.utf8.first.map(Self.isAlphanumeric) ?? false)
        guard isUsable else {
            throw .unusable("a key's name is 1 to 128 of A-Z a-z 0-9 . _ - : @ /, and begins with a letter or a digit")
        }
        self.text = text
    }

    public var description: String { text }

    public static func < (left: StoredName, right: StoredName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    private static func mayHold(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "@"),
            UInt8(ascii: "/"):
            true
        default: isAlphanumeric(byte)
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// What every store asks of a key before it keeps it.
public enum StorableForm {
    /// The most bytes a key may have.
    public static let limit = 8192

    /// - Throws: `StoreFault.unusable`.
    public static func check(_ secret: borrowing Secret) throws(StoreFault) {
        guard secret.count <= limit else { throw .unusable("the key is longer than \(limit) bytes") }
        do throws(SourceFault) {
            _ = try KeyForm.checked(secret, trimsLineEnd: false, label: "the key")
        } catch {
            throw .unusable(error.description)
        }
    }
}
