/// A small file that only its owner may read, replaced whole; its folder is made where it is missing.
public struct OwnersFile: Sendable {
    private let file: GuardedFile

    /// - Throws: when `path` has no file name.
    public init(path: String) throws(StoreFault) {
        file = try GuardedFile(path: path)
    }

    public var place: String { file.place }

    /// - Returns: `nil` when there is no file, or no folder.
    public func read(limit: Int) throws(StoreFault) -> [UInt8]? { try file.read(limit: limit) }

    /// Puts `bytes` in the place of what is there, without leaving a copy of that.
    public func replace(_ bytes: [UInt8]) throws(StoreFault) {
        var isThere = false
        try file.update(creates: true, limit: 1 << 20) { before throws(StoreFault) in
            isThere = before != nil
            return bytes
        }
        if isThere { try file.forgetBackup() }
    }
}
