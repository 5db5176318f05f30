public import OstiaryCore
public import OstiaryIdentity
public import OstiaryVault

/// The file of revoked capability tokens: read, and replaced whole, under the rules of every guarded file. It holds hashes
/// alone.
public struct RevocationsFile: Sendable {
    /// Why the file cannot be used, or what was asked of it done.
    public enum Trouble: Error, CustomStringConvertible {
        case file(StoreFault)
        case document(RevocationDocument.Fault)

        public var description: String {
            switch self {
            case .file(let fault): fault.description
            case .document(let fault): fault.description
            }
        }

        public var hint: String? {
            if case .file(let fault) = self { fault.hint } else { nil }
        }
    }

    public let path: String
    private let file: GuardedFile

    public init(path: String) throws(Trouble) {
        self.path = path
        do throws(StoreFault) {
            file = try GuardedFile(path: path)
        } catch {
            throw .file(error)
        }
    }

    /// By what a change of it is noticed; `nil` where there is no file.
    var mark: FileMark? { FileMark(path, followsLinks: false) }

    /// What is there; nothing where there is no file yet.
    public func read() throws(Trouble) -> RevocationDocument {
        let bytes: [UInt8]?
        do throws(StoreFault) {
            bytes = try file.read(limit: RevocationDocument.largest)
        } catch {
            throw .file(error)
        }
        return try bytes.map(Self.document) ?? RevocationDocument()
    }

    /// Adds a token.
    /// - Parameter isDryRun: whether everything is done but the writing.
    /// - Returns: whether it was not there already.
    public func add(
        _ record: RevocationDocument.Record,
        now: UnixTime,
        isDryRun: Bool = false
    ) throws(Trouble) -> Bool {
        if isDryRun {
            var document = try read()
            return try Self.adding(record, to: &document, now)
        }
        var outcome: Result<Bool, Trouble> = .success(false)
        do throws(StoreFault) {
            try file.update(creates: true, limit: RevocationDocument.largest) { (before) throws(StoreFault) in
                do throws(Trouble) {
                    var document = try before.map(Self.document) ?? RevocationDocument()
                    let isNew = try Self.adding(record, to: &document, now)
                    outcome = .success(isNew)
                    return isNew ? document.bytes : nil
                } catch {
                    outcome = .failure(error)
                    return nil
                }
            }
        } catch {
            throw .file(error)
        }
        return try outcome.get()
    }

    private static func adding(
        _ record: RevocationDocument.Record,
        to document: inout RevocationDocument,
        _ now: UnixTime
    ) throws(Trouble) -> Bool {
        do throws(RevocationDocument.Fault) {
            return try document.add(record, now: now)
        } catch {
            throw .document(error)
        }
    }

    private static func document(_ bytes: [UInt8]) throws(Trouble) -> RevocationDocument {
        do throws(RevocationDocument.Fault) {
            return try RevocationDocument(reading: bytes)
        } catch {
            throw .document(error)
        }
    }
}
