import OstiaryCore

/// Somebody's TOML (v1.0.0), of which a table of ours and one key at the top are changed and nothing else.
///
/// It is divided into statements, each with all its bytes: a key with its value, however many lines that has, the head of
/// a table, a blank line or a comment. Values are not understood, only their ends. What cannot be divided is left alone.
struct TOMLSheet {
    /// Why it cannot be divided.
    struct Fault: Error, Hashable {
        /// Counts from 1.
        let line: Int
        let sentence: String
    }

    struct Statement: Hashable {
        enum Kind: Hashable {
            case blank
            case key([String])
            case table([String])
        }

        let kind: Kind
        var bytes: [UInt8]
    }

    private(set) var statements: [Statement] = []
    /// As the file has them.
    let lineEnd: [UInt8]

    init(_ bytes: [UInt8] = []) throws(Fault) {
        let newline = bytes.firstIndex(of: UInt8(ascii: "\n"))
        let hasReturn = newline.map { $0 > 0 && bytes[$0 - 1] == UInt8(ascii: "\r") } ?? false
        lineEnd = hasReturn ? Array("\r\n".utf8) : Array("\n".utf8)
        var reader = TOMLReader(bytes: bytes)
        while let statement = try reader.next() { statements.append(statement) }
    }

    var bytes: [UInt8] { statements.flatMap(\.bytes) }

    /// Whether a key above the first table begins so.
    func hasTopKey(_ path: [String]) -> Bool {
        top.contains { if case .key(let key) = statements[$0].kind { key.starts(with: path) } else { false } }
    }

    /// The statement of a key above the first table, as it stands, without its line end.
    func topKey(_ path: [String]) -> [UInt8]? {
        top.first { statements[$0].kind == .key(path) }.map { Self.bare(statements[$0].bytes) }
    }

    /// The tables of this name and below it, as they stand.
    func tables(_ path: [String]) -> [UInt8] {
        indices(of: path).flatMap { statements[$0].bytes }
    }

    /// Puts a line in the place of a key above the first table, or above everything; `nil` takes it out.
    mutating func setTopKey(_ path: [String], _ line: [UInt8]?) {
        let known = top.first { statements[$0].kind == .key(path) }
        switch (known, line) {
        case (let index?, let line?): statements[index].bytes = line + lineEnd
        case (let index?, nil): statements.remove(at: index)
        case (nil, let line?): statements.insert(Statement(kind: .key(path), bytes: line + lineEnd), at: 0)
        case (nil, nil): break
        }
    }

    /// Puts tables in the place of those of this name, or at the end; nothing takes them out.
    mutating func setTables(_ path: [String], _ bytes: [UInt8]) {
        let known = indices(of: path)
        let place = known.first
        for index in known.reversed() { statements.remove(at: index) }
        guard !bytes.isEmpty else { return }
        let statement = Statement(kind: .table(path), bytes: bytes)
        if let place { return statements.insert(statement, at: place) }
        if let last = statements.last, last.bytes.last != UInt8(ascii: "\n") {
            statements[statements.count - 1].bytes += lineEnd
        }
        if let last = statements.last, last.kind != .blank || !Self.bare(last.bytes).isEmpty {
            statements.append(Statement(kind: .blank, bytes: lineEnd))
        }
        statements.append(statement)
    }

    /// The statements above the first table.
    private var top: Range<Int> {
        let end = statements.firstIndex { if case .table = $0.kind { true } else { false } }
        return 0..<(end ?? statements.count)
    }

    /// The statements of the tables of this name and below it, without what only stands between the last of them and the
    /// next table: that is the next one's comment.
    private func indices(of path: [String]) -> [Int] {
        var found: [Int] = []
        var pending: [Int] = []
        var isInside = false
        for (index, statement) in statements.enumerated() {
            switch statement.kind {
            case .table(let name):
                isInside = name.starts(with: path)
                if isInside { found += pending + [index] }
                pending = []
            case .key where isInside:
                found += pending + [index]
                pending = []
            case .blank where isInside: pending.append(index)
            default: break
            }
        }
        return found
    }

    private static func bare(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }
}
