public import Crypto
public import OstiaryCore
import Synchronization

/// What was done with keys: one line of JSON each, and each under a mark that the line before is part of, so that none
/// can be changed, left out or put elsewhere without the installation's key (SEC-605). A second file beside it remembers
/// the last one, so that lines cannot be cut off at the end either.
///
/// A line says what was allowed, and is on the disk before that is done: where it cannot be written, nothing is done.
public final class AuditTrail: Sendable {
    /// What was done.
    public enum Action: String, Sendable, CaseIterable {
        case keyStored = "key.store"
        case keyRead = "key.read"
        case keyRemoved = "key.remove"
        case storeRotated = "store.rotate"
        case storeSealed = "store.seal"
        case storeOpened = "store.open"
    }

    /// One line.
    public struct Line: Hashable, Sendable {
        /// Counts from 1.
        public let number: Int
        public let time: UnixTime
        public let action: String
        /// What it was done with: a provider's name, or `store`.
        public let subject: String
        /// Who did it, as the door knew them.
        public let by: String
        public let request: String
    }

    /// The most bytes of a file. A full one is kept as `audit.log.1`, in the place of the one before.
    public static let limit = 16 << 20
    static let markBytes = 32

    private let folder: String
    private let key: SymmetricKey
    private let limit: Int
    private let lines = Counter()

    /// - Parameter folder: of mode 700; made where it is missing.
    public convenience init(folder: String, key: SymmetricKey) {
        self.init(folder: folder, key: key, limit: Self.limit)
    }

    init(folder: String, key: SymmetricKey, limit: Int) {
        self.folder = folder
        self.key = key
        self.limit = limit
    }

    static let name = "audit.log"
    private var headPath: String { "\(folder)/audit.head" }

    /// Lines that this process wrote.
    public var written: Int { Int(lines.current) }

    /// Writes a line.
    public func append(
        _ action: Action,
        _ subject: String,
        by: String,
        request: String,
        at time: UnixTime
    ) throws(StoreFault) {
        let folder = try GuardedFolder(self.folder, creates: true)
        let lock = try folder.lock("\(Self.name).lock")
        defer { withExtendedLifetime(lock) {} }
        var before = try folder.read(Self.name, limit: Self.limit * 2) ?? []
        // The end decides what follows, so it must be sound; all of it is looked at by `read`.
        let last = try AuditLines.last(before, place: folder.place(Self.name))
        if before.count > limit {
            try folder.rename(Self.name, to: "\(Self.name).1")
            before = []
        }
        let line = AuditLines.line(
            Line(
                number: (last?.number ?? 0) + 1,
                time: time,
                action: action.rawValue,
                subject: subject,
                by: by,
                request: request
            ),
            after: last?.mark ?? [],
            isFirst: before.isEmpty,
            key: key
        )
        try folder.append(Self.name, line)
        try OwnersFile(path: headPath).replace(Array("\((last?.number ?? 0) + 1)\n".utf8))
        lines.increment()
    }

    /// Reads the trail and checks every mark.
    /// - Throws: `StoreFault.damaged` with the number of the line that is not as it was written.
    public func read() throws(StoreFault) -> [Line] {
        var bytes: [UInt8]?
        do throws(StoreFault) {
            bytes = try GuardedFolder(folder).read(Self.name, limit: Self.limit * 2)
        } catch {
            guard case .notThere = error else { throw error }
        }
        let place = FilePath.shown("\(folder)/\(Self.name)")
        let found = try AuditLines.checked(bytes ?? [], key: key, place: place)
        let head = try OwnersFile(path: headPath).read(limit: 32) ?? []
        let expected = Int(String(decoding: head, as: UTF8.self).filter { $0 != "\n" }) ?? 0
        guard (found.last?.number ?? 0) >= expected else {
            throw .damaged(place: place, what: "lines are missing at its end: \(expected) were written")
        }
        return found
    }
}

/// How lines of the trail are written and believed.
enum AuditLines {
    private static let lead = Array(",\"mark\":\"".utf8)
    private static let end = Array("\"}".utf8)
    private static let markText = 43

    static func line(_ line: AuditTrail.Line, after: [UInt8], isFirst: Bool, key: SymmetricKey) -> [UInt8] {
        var members: [(name: String, value: JSONValue)] = [
            ("n", .integer(line.number)),
            ("time", .number(JSONNumber(text: "\((line.time.seconds * 1000).rounded() / 1000)"))),
            ("action", .string(line.action)),
            ("subject", .string(line.subject)),
            ("by", .string(line.by)),
            ("request_id", .string(line.request)),
        ]
        // A file that follows another says where that ended.
        if isFirst { members.append(("after", .string(Base64URL.encode(after)))) }
        var bytes = JSONWriter.write(
            .object(JSONObject(members: members.map { .init(name: $0.name, value: $0.value) }))
        )
        bytes.removeLast()
        let mark = mark(bytes[...], after: after, key: key)
        bytes += lead
        Base64URL.append(mark.span, to: &bytes)
        return bytes + end + [UInt8(ascii: "\n")]
    }

    private static func mark(_ body: ArraySlice<UInt8>, after: [UInt8], key: SymmetricKey) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: after)
        code.update(data: [UInt8(after.count)])
        code.update(data: body)
        return Array(code.finalize())
    }

    /// The number and the mark of the last line.
    static func last(_ bytes: [UInt8], place: String) throws(StoreFault) -> (number: Int, mark: [UInt8])? {
        guard let text = bytes.split(separator: UInt8(ascii: "\n")).last else { return nil }
        guard bytes.last == UInt8(ascii: "\n"), let parts = parts(text), let line = read(parts.body) else {
            throw .damaged(place: place, what: "its last line")
        }
        return (line.line.number, parts.mark)
    }

    static func checked(_ bytes: [UInt8], key: SymmetricKey, place: String) throws(StoreFault) -> [AuditTrail.Line] {
        var lines: [AuditTrail.Line] = []
        var after: [UInt8]?
        guard bytes.isEmpty || bytes.last == UInt8(ascii: "\n") else {
            throw .damaged(place: place, what: "its last line is not whole")
        }
        for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            let number = (lines.last?.number ?? 0) + 1
            guard let parts = parts(text), let (line, first) = read(parts.body),
                let before = after ?? first,
                parts.mark == mark(parts.body, after: before, key: key),
                line.number == number || lines.isEmpty
            else { throw .damaged(place: place, what: "line \(lines.count + 1) is not as it was written") }
            after = parts.mark
            lines.append(line)
        }
        return lines
    }

    private static func parts(_ text: ArraySlice<UInt8>) -> (body: ArraySlice<UInt8>, mark: [UInt8])? {
        let tail = lead.count + markText + end.count
        guard text.count > tail, text.suffix(end.count).elementsEqual(end),
            text.suffix(tail).prefix(lead.count).elementsEqual(lead)
        else { return nil }
        let spelled = Array(text.suffix(markText + end.count).prefix(markText))
        guard let mark = Base64URL.decode(spelled.span), mark.count == AuditTrail.markBytes else { return nil }
        return (text.dropLast(tail), mark)
    }

    private static func read(_ body: ArraySlice<UInt8>) -> (line: AuditTrail.Line, after: [UInt8]?)? {
        guard let object = try? JSONReader.read((Array(body) + [UInt8(ascii: "}")]).span).object,
            let number = object["n"]?.number?.int, number > 0, number < Int.max,
            let time = object["time"]?.number?.double, let action = object["action"]?.string,
            let subject = object["subject"]?.string, let by = object["by"]?.string,
            let request = object["request_id"]?.string
        else { return nil }
        let line = AuditTrail.Line(
            number: number,
            time: UnixTime(seconds: time),
            action: action,
            subject: subject,
            by: by,
            request: request
        )
        return (line, object["after"]?.string.flatMap { Base64URL.decode($0) })
    }
}
