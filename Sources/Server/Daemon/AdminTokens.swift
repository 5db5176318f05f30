import Crypto
import OstiaryCore
import OstiaryVault

/// The tokens of the admin door, known by keyed hashes alone (SEC-208, SEC-402).
struct AdminTokens: Sendable {
    struct Token: Sendable {
        let name: String
        let scopes: [String]
        let hash: [UInt8]
        let created: UnixTime
    }

    /// Reading stored keys back.
    static let readScope = "credentials:read"
    /// Every scope there is.
    static let scopes = [readScope]
    /// The most tokens.
    static let limit = 100

    private let key: SymmetricKey
    private let tokens: [Token]

    init(_ tokens: [Token], key: SymmetricKey) {
        self.tokens = tokens
        self.key = key
    }

    /// Whose token this is. Takes the same time whichever it is like, and for none.
    func find(_ bytes: Span<UInt8>) -> Token? {
        let hash = Self.hash(bytes, key)
        var found: Token?
        for token in tokens {
            var difference: UInt8 = token.hash.count == hash.count ? 0 : 1
            for (mine, given) in zip(token.hash, hash) { difference |= mine ^ given }
            if difference == 0 { found = token }
        }
        return found
    }

    static func hash(_ bytes: Span<UInt8>, _ key: SymmetricKey) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        bytes.withUnsafeBufferPointer { code.update(data: $0) }
        return Array(code.finalize())
    }
}

extension AdminTokens {
    /// The tokens that `folder` knows. At the first start one is made: its hash is kept, and it itself is written once, to
    /// `handout`, for whoever is going to use it; the gate never reads that file.
    static func open(
        folder: String,
        handout: String,
        key: SymmetricKey,
        at now: UnixTime
    ) throws(StoreFault) -> (tokens: AdminTokens, isNew: Bool) {
        let file = try OwnersFile(path: folder + "/tokens.json")
        if let bytes = try file.read(limit: 1 << 20) {
            return (AdminTokens(try parse(bytes, file.place), key: key), false)
        }
        var random = [UInt8].random(32)
        var text = Array("ostd_".utf8)
        text.reserveCapacity(64)
        Base64URL.append(random.span, to: &text)
        defer {
            for index in random.indices { random[index] = 0 }
            for index in text.indices { text[index] = 0 }
        }
        let token = Token(name: "first", scopes: scopes, hash: hash(text.span, key), created: now)
        // The hand-out first: a token that is known and that nobody has would be of no use.
        try OwnersFile(path: handout).replace(text + [UInt8(ascii: "\n")])
        try file.replace(JSONWriter.write(json([token])) + [UInt8(ascii: "\n")])
        return (AdminTokens([token], key: key), true)
    }

    /// A token that the operator gave.
    static func given(_ secret: borrowing Secret, key: SymmetricKey, at now: UnixTime) -> AdminTokens {
        let hash = secret.withBytes { Self.hash($0, key) }
        return AdminTokens([Token(name: "given", scopes: scopes, hash: hash, created: now)], key: key)
    }

    private static func json(_ tokens: [Token]) -> JSONValue {
        .members(
            (
                "tokens",
                .array(
                    tokens.map { token in
                        .members(
                            ("name", .string(token.name)),
                            ("scopes", .array(token.scopes.map(JSONValue.string))),
                            ("hash", .string(Base64URL.encode(token.hash))),
                            ("created_at", .integer(Int(token.created.seconds)))
                        )
                    }
                )
            )
        )
    }

    private static func parse(_ bytes: [UInt8], _ place: String) throws(StoreFault) -> [Token] {
        guard let list = try? JSONReader.read(bytes.span).object?["tokens"]?.array, list.count <= limit else {
            throw .damaged(place: place, what: "it holds no list of tokens")
        }
        var tokens: [Token] = []
        for entry in list {
            guard let name = entry.object?["name"]?.string,
                let hash = entry.object?["hash"]?.string.flatMap({ Base64URL.decode($0) }), hash.count == 32
            else { throw .damaged(place: place, what: "a token in it has no name or no hash") }
            tokens.append(
                Token(
                    name: name,
                    scopes: entry.object?["scopes"]?.array?.compactMap(\.string) ?? [],
                    hash: hash,
                    created: UnixTime(seconds: entry.object?["created_at"]?.number?.double ?? 0)
                )
            )
        }
        return tokens
    }
}
