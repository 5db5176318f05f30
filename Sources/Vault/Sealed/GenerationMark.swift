import OstiaryCore

/// Remembers a store's generation in another folder, so that an older state of the whole store is noticed: whoever can
/// put back a file in one place may not reach the other. Never ahead of the store, as it is written behind it.
struct GenerationMark: Sendable {
    private static let limit = 32
    private let file: GuardedFile

    init(path: String) throws(StoreFault) {
        file = try GuardedFile(path: path)
    }

    var place: String { file.place }

    /// - Returns: 0 when there is none.
    func read() throws(StoreFault) -> Int {
        guard let bytes = try file.read(limit: Self.limit) else { return 0 }
        return try number(bytes)
    }

    /// Two writers may come in the wrong order; the higher one stays.
    func write(_ generation: Int) throws(StoreFault) {
        try file.update(creates: true, limit: Self.limit) { before throws(StoreFault) in
            if let before, try number(before) >= generation { return nil }
            return Array("\(generation)\n".utf8)
        }
    }

    private func number(_ bytes: [UInt8]) throws(StoreFault) -> Int {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.last == UInt8(ascii: "\n"), let number = Int(text.dropLast()), number >= 0 else {
            throw .damaged(place: place, what: "it is no number")
        }
        return number
    }
}
