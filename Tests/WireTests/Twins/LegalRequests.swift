import OstiaryTesting

/// Makes up request heads that RFC 9110 and 9112 allow and that the gate takes, in as many spellings as they have.
struct LegalRequests {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    private static let token = letters + Array("!#$%&'*+-.^_`|~")
    private static let segment = letters + Array("-._~!$&'()*+,;=:@")
    private static let visible = (0x20...0x7e).compactMap { UnicodeScalar($0).map(Character.init) } + ["\t"]

    private mutating func word(_ alphabet: [Character], _ lengths: ClosedRange<Int>) -> String {
        String((0..<Int.random(in: lengths, using: &random)).map { _ in random.one(of: alphabet, else: "a") })
    }

    mutating func next() -> [UInt8] {
        let isHTTP10 = random.happens(onceIn: 8)
        var lines: [[UInt8]] = [Array("\(method()) \(target()) HTTP/1.\(isHTTP10 ? 0 : 1)".utf8)]
        var fields = (0..<Int.random(in: 0...12, using: &random)).map { _ in field() }
        let name = random.one(of: ["Host", "host", "HOST", "hOsT"], else: "Host")
        fields.append(Array("\(name):\(blanks())\(host())\(blanks())".utf8))
        fields += framing(isHTTP10).map { Array($0.utf8) }
        if random.happens(onceIn: 8) { fields.append(Array("Expect: 100-continue".utf8)) }
        if random.happens(onceIn: 4) { fields.append(Array("Connection: \(connection())".utf8)) }
        lines += fields.shuffled(using: &random)
        return lines.flatMap { $0 + [0x0d, 0x0a] } + [0x0d, 0x0a]
    }

    private mutating func method() -> String {
        random.one(of: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"], else: "GET")
    }

    private mutating func target() -> String {
        var target = random.happens(onceIn: 8) ? "\(random.one(of: ["http", "HTTP"], else: ""))://\(host())" : ""
        target += "/"
        for number in 0..<Int.random(in: 0...5, using: &random) {
            var segment = word(Self.segment, 1...12)
            if segment.allSatisfy({ $0 == "." }) || segment.hasPrefix(".;") || segment.hasPrefix("..;") {
                segment = "a"
            }
            if random.happens(onceIn: 4) { segment += random.one(of: ["%20", "%41", "%7e", "%3B", "%25"], else: "") }
            target += (number > 0 ? "/" : "") + segment
        }
        if random.happens(onceIn: 2) {
            target +=
                "?" + word(Self.segment + ["/", "?"], 0...30) + random.one(of: ["", "%00", "%2F..", "%ff"], else: "")
        }
        return target
    }

    private mutating func host() -> String {
        let name = random.one(
            of: ["gate.example", "x", "127.0.0.1", "[::1]", "[2001:db8::ff]", "A-b.c_d", "xn--bcher-kva.example"],
            else: "x"
        )
        return name + random.one(of: ["", ":1", ":80", ":65535"], else: "")
    }

    private mutating func framing(_ isHTTP10: Bool) -> [String] {
        let name = random.one(of: ["Content-Length", "content-length", "CONTENT-LENGTH"], else: "")
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return ["\(name):\(blanks())\(Int.random(in: 0...300, using: &random))\(blanks())"]
        case 1: return ["\(name): \(random.one(of: ["0", "00", "007", "0000000000000012", "999999999"], else: "0"))"]
        case 2 where !isHTTP10:
            return [
                "\(random.one(of: ["Transfer-Encoding", "TRANSFER-ENCODING"], else: "")):\(blanks())Chunked\(blanks())"
            ]
        default: return []
        }
    }

    private mutating func connection() -> String {
        random.one(
            of: [
                "close", "keep-alive", "Close", "x-a, close", "close , x-a", "x-a,,x-b", "", "upgrade",
                "TE, keep-alive",
            ],
            else: "close"
        )
    }

    /// A field that means nothing to anybody, with a name of token characters and a value of all that a value may have.
    private mutating func field() -> [UInt8] {
        if random.happens(onceIn: 12) {
            return Array(
                random.one(of: ["Upgrade: websocket", "TE: trailers", "a:b"], else: "A: b").utf8
            )
        }
        let name = "x" + word(Self.token, 1...20)
        var value = Array(word(Self.visible, 0...40).utf8)
        // obs-text (RFC 9110 section 5.5).
        if random.happens(onceIn: 6) { value += (0..<3).map { _ in UInt8.random(in: 0x80...0xff, using: &random) } }
        return Array(name.utf8) + Array(":\(blanks())".utf8) + value + Array(blanks().utf8)
    }

    private mutating func blanks() -> String {
        random.one(of: ["", " ", "  ", "\t", " \t "], else: " ")
    }
}
