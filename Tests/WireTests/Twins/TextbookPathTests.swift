import OstiaryTesting
import Testing

@testable import OstiaryWire

// SEC-104
/// The one form of a path beside a textbook resolver: they agree, or the request is refused.
@Suite struct TextbookPathTests {
    private static let pieces = [
        "/", "//", "/./", "/../", "..", ".", "/.", "/..", "%2e", "%2E%2e", "%2f", "%5c", "\\", "/%2e/", "/%2e%2e/",
        "..;a",
        ".;", ";", ";a=b", "%3b", "%252e", "%252e%252e", "%252f", "%25", "%", "%0", "%00", "%zz", "health", "v1",
        "models",
        "chat", "completions", "a", "A", "%61", "%41", "~", "%7e", "%20", "+", "@", ":", "=", "...", "%c0%ae", "%uff0e",
        "%ef%bc%8e", "#", "?", " ", "\t", "\u{1}", "\u{7f}", "é",
    ]

    private static func path(_ random: inout SeededGenerator) -> [UInt8] {
        let start = random.happens(onceIn: 8) ? "" : "/"
        let rest = (0..<Int.random(in: 0...6, using: &random)).map { _ in random.one(of: pieces, else: "/") }
        return Array((start + rest.joined()).utf8)
    }

    @Test func agreesWithTheTextbookOrRefuses() async {
        var random = SeededGenerator(seed: 104)
        var accepted = 0
        for number in 0..<12_000 {
            // Others want to go on too.
            if number.isMultiple(of: 50) { await Task.yield() }
            let bytes = Self.path(&random)
            guard let target = try? RequestTarget.read(bytes.span, 0..<bytes.count) else { continue }
            accepted += 1
            let path = target.decodedPath ?? Array(bytes[target.path])
            // The book finds nothing to remove in what was sent, and the same resource in what was made of it.
            let sent = TextbookPath.resolve(Array(bytes[target.path]))
            let known = TextbookPath.resolve(path)
            #expect(sent == known, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            let segments = { (path: [UInt8]) in path.split(separator: UInt8(ascii: "/")).count }
            #expect(segments(known) == segments(path), "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
        #expect(accepted > 600)
    }

    /// A path that the book leads to one of these is either known here as that very path or is not that path at all
    /// because it is refused: no spelling slips past a rule that names it.
    @Test func noSpellingOfAPathSlipsPast() {
        let guarded = Array("/v1/models".utf8)
        let spellings = [
            "/v1/models", "/v1//models", "/v1/./models", "/x/../v1/models", "/v1%2fmodels", "/v1%5cmodels",
            "/v1\\models",
            "/%76%31/models", "/v1/models/", "/v1/models;a", "/v1/%6dodels", "/v1/%2e/models", "/%2e/v1/models",
            "/v1/..;/v1/models", "/v1/x/%2e%2e/models", "/v1/%252e/models", "//v1/models", "/v1/models/.",
            "/v1/models/x/..",
        ]
        for spelling in spellings {
            let bytes = Array(spelling.utf8)
            guard let target = try? RequestTarget.read(bytes.span, 0..<bytes.count) else { continue }
            let path = target.decodedPath ?? Array(bytes[target.path])
            let book = TextbookPath.resolve(path)
            #expect(book != guarded || path == guarded, "\(spelling)")
        }
    }
}
