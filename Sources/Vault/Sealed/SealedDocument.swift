import Crypto
import OstiaryCore

/// What a sealed file holds: keys that are sealed under the master's, and entries that are sealed under those keys.
/// Only names and times are plain.
///
/// Every byte of the file is under one mark, so that no part can be changed, left out, added or put back from an older
/// file. The mark stands last and has always the same length, which lets it cover bytes instead of meanings.
struct SealedDocument: Hashable, Sendable {
    struct Key: Hashable, Sendable {
        let kid: String
        let sealed: SealedBytes
        let created: UnixTime
        let isActive: Bool
    }

    struct Entry: Hashable, Sendable {
        let name: StoredName
        let kid: String
        /// The file's generation when this entry was sealed.
        let generation: Int
        let sealed: SealedBytes
        let created: UnixTime
        let updated: UnixTime
    }

    /// One more with every write.
    var generation: Int
    var derivation: KeyDerivation
    var keys: [Key]
    /// In the order of their names.
    var entries: [Entry]

    /// The only format so far.
    static let format = 1
    /// The most entries, the most keys, and the most bytes of a file that holds them.
    static let entryLimit = 10_000
    static let keyLimit = 16
    static let byteLimit = 200 << 20

    private static let markBytes = 32
    private static let markLead = Array(",\"mac\":\"".utf8)
    private static let markEnd = Array("\"}\n".utf8)
    private static let markText = 43

    /// The file's bytes, marked under `key`.
    func bytes(markedUnder key: SymmetricKey) -> [UInt8] {
        var bytes = JSONWriter.write(json)
        bytes.removeLast()
        let mark = Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        bytes += Self.markLead
        Base64URL.append(mark.span, to: &bytes)
        bytes += Self.markEnd
        return bytes
    }

    /// Whether `bytes` are as they were written by somebody who had `key`.
    static func isMarked(_ bytes: [UInt8], under key: SymmetricKey) -> Bool {
        let tail = markLead.count + markText + markEnd.count
        guard bytes.count > tail else { return false }
        let body = bytes.dropLast(tail)
        let lead = bytes.suffix(tail).prefix(markLead.count)
        let text = Array(bytes.suffix(markText + markEnd.count).prefix(markText))
        guard lead.elementsEqual(markLead), bytes.suffix(markEnd.count).elementsEqual(markEnd),
            let mark = Base64URL.decode(text.span), mark.count == markBytes
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(mark, authenticating: body, using: key)
    }

    private var json: JSONValue {
        .members(
            ("format", .integer(Self.format)),
            ("generation", .integer(generation)),
            ("kdf", derivation.json),
            ("keys", .array(keys.map(\.json))),
            ("entries", .object(JSONObject(members: entries.map { .init(name: $0.name.text, value: $0.json) })))
        )
    }
}

extension SealedDocument.Key {
    fileprivate var json: JSONValue {
        .members(
            ("kid", .string(kid)),
            ("wrap", .string("A256GCM")),
            ("nonce", .string(Base64URL.encode(sealed.nonce))),
            ("ct", .string(Base64URL.encode(sealed.text))),
            ("created_at", .integer(created.wholeSeconds)),
            ("state", .string(isActive ? "active" : "retired"))
        )
    }
}

extension SealedDocument.Entry {
    fileprivate var json: JSONValue {
        .members(
            ("kid", .string(kid)),
            ("generation", .integer(generation)),
            ("nonce", .string(Base64URL.encode(sealed.nonce))),
            ("ct", .string(Base64URL.encode(sealed.text))),
            ("created_at", .integer(created.wholeSeconds)),
            ("updated_at", .integer(updated.wholeSeconds))
        )
    }
}

extension KeyDerivation {
    fileprivate var json: JSONValue {
        let salt = JSONValue.string(Base64URL.encode(salt))
        return switch method {
        case .scrypt(let n, let r, let p):
            .members(
                ("name", .string("scrypt")),
                ("n", .integer(n)),
                ("r", .integer(r)),
                ("p", .integer(p)),
                ("salt", salt)
            )
        case .pbkdf2(let iterations):
            .members(("name", .string("pbkdf2-sha256")), ("iterations", .integer(iterations)), ("salt", salt))
        case .hkdf: .members(("name", .string("hkdf-sha256")), ("salt", salt))
        }
    }
}

extension UnixTime {
    /// Seconds as a file holds them; 0 for times before 1970 and those that no file needs.
    fileprivate var wholeSeconds: Int { (0...253_402_300_799).contains(seconds) ? Int(seconds) : 0 }
}
