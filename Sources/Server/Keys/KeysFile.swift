import OstiaryCore
public import OstiaryIdentity
public import OstiaryVault

/// The file of virtual keys: read, and replaced whole, under the rules of every guarded file (its folder and itself open
/// to their owner alone, changes by one process at a time).
///
/// Beside it lies `NAME.used`, where running gates write when each key was used last; so a gate never writes the file of
/// keys itself.
public struct KeysFile: Sendable {
    /// Why the file cannot be used, or what was asked of it done.
    public enum Trouble: Error, CustomStringConvertible {
        case file(StoreFault)
        case document(KeyDocument.Fault)

        public var description: String {
            switch self {
            case .file(let fault): fault.description
            case .document(let fault): fault.description
            }
        }

        public var hint: String? {
            switch self {
            case .file(let fault): fault.hint
            case .document(.damaged): "the state before the last change lies beside it with .bak behind its name"
            case .document(.known): "ostiary keys rotate gives it another text, ostiary keys revoke ends it"
            case .document(.unknown): "ostiary keys list shows which there are"
            case .document: nil
            }
        }
    }

    public let path: String
    private let file: GuardedFile
    private let used: GuardedFile

    public init(path: String) throws(Trouble) {
        self.path = path
        do throws(StoreFault) {
            file = try GuardedFile(path: path)
            used = try GuardedFile(path: path + ".used")
        } catch {
            throw .file(error)
        }
    }

    /// By what a change of it is noticed; `nil` where there is no file.
    var mark: FileMark? { FileMark(path, followsLinks: false) }

    /// - Returns: `nil` where there is no file yet.
    public func read() throws(Trouble) -> KeyDocument? {
        let bytes: [UInt8]?
        do throws(StoreFault) {
            bytes = try file.read(limit: KeyDocument.largest)
        } catch {
            throw .file(error)
        }
        guard let bytes else { return nil }
        return try Self.document(bytes)
    }

    /// Lends what is there, or a document without keys, to `change`, and writes what becomes of it.
    /// - Parameter isDryRun: whether everything is done but the writing.
    public func update<Result>(
        isDryRun: Bool = false,
        _ change: (inout KeyDocument) throws(KeyDocument.Fault) -> Result
    ) throws(Trouble) -> Result {
        if isDryRun {
            var document = try read() ?? KeyDocument()
            return try Self.changed(&document, change)
        }
        var outcome: Swift.Result<Result, Trouble>?
        do throws(StoreFault) {
            try file.update(creates: true, limit: KeyDocument.largest) { (before) throws(StoreFault) in
                do throws(Trouble) {
                    var document = try before.map(Self.document) ?? KeyDocument()
                    outcome = .success(try Self.changed(&document, change))
                    return document.bytes
                } catch {
                    outcome = .failure(error)
                    return nil
                }
            }
        } catch {
            throw .file(error)
        }
        guard let outcome else { throw .document(.unknownFormat) }
        return try outcome.get()
    }

    private static func changed<Result>(
        _ document: inout KeyDocument,
        _ change: (inout KeyDocument) throws(KeyDocument.Fault) -> Result
    ) throws(Trouble) -> Result {
        do throws(KeyDocument.Fault) {
            return try change(&document)
        } catch {
            throw .document(error)
        }
    }

    private static func document(_ bytes: [UInt8]) throws(Trouble) -> KeyDocument {
        do throws(KeyDocument.Fault) {
            return try KeyDocument(reading: bytes)
        } catch {
            throw .document(error)
        }
    }
}

// When each key was used last.
extension KeysFile {
    private static let usedFormat = "ostiary-key-uses"

    /// When each key was used last, in whole seconds of Unix time, as running gates wrote it down; nothing where that
    /// cannot be read, as nothing depends on it.
    public func uses() -> [String: Int] {
        guard let bytes = try? used.read(limit: KeyDocument.largest) else { return [:] }
        return Self.uses(bytes)
    }

    /// Writes down what is later than what stands there, for keys in `names` and no others.
    func note(_ uses: [String: Int], of names: Set<String>) throws(Trouble) {
        do throws(StoreFault) {
            try used.update(limit: KeyDocument.largest) { (before) throws(StoreFault) in
                let former = before.map(Self.uses) ?? [:]
                let next = former.merging(uses) { max($0, $1) }.filter { names.contains($0.key) }
                return next == former ? nil : Self.bytes(next)
            }
        } catch {
            throw .file(error)
        }
    }

    private static func uses(_ bytes: [UInt8]) -> [String: Int] {
        guard let root = try? JSONReader.read(bytes.span).object, root["format"]?.string == usedFormat else {
            return [:]
        }
        let members = root["used"]?.object?.members ?? []
        return Dictionary(members.compactMap { member in member.value.number?.int.map { (member.name, $0) } }) {
            max($0, $1)
        }
    }

    private static func bytes(_ uses: [String: Int]) -> [UInt8] {
        let members = uses.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: .integer($0.value)) }
        return JSONWriter.write(
            .members(("format", .string(usedFormat)), ("used", .object(JSONObject(members: members))))
        )
    }
}
