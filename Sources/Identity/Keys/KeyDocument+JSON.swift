import Crypto
public import OstiaryCore

extension KeyDocument {
    private static let format = "ostiary-keys"
    private static let version = 1

    /// Reads what `bytes` wrote, strictly: what is not understood could be a restriction.
    public init(reading bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.largest, let root = try? JSONReader.read(bytes.span).object else {
            throw .damaged(what: "it is no JSON object")
        }
        guard root["format"]?.string == Self.format, root["version"]?.number?.int == Self.version else {
            throw .unknownFormat
        }
        guard let digits = root["hash_key"]?.string, digits.utf8.count == 64,
            let key = Hex.decode(Array(digits.utf8))
        else { throw .damaged(what: "hash_key") }
        guard let list = root["keys"]?.array, list.count <= Self.limit else { throw .damaged(what: "keys") }
        hashKey = SymmetricKey(data: key)
        records = []
        var names: Set<String> = []
        for value in list {
            let record = try Self.record(value)
            guard names.insert(record.name).inserted else {
                throw .damaged(what: "the key \(record.name) is there twice")
            }
            records.append(record)
        }
    }

    /// The file's content.
    public var bytes: [UInt8] {
        var key = hashKey.withUnsafeBytes { Array($0) }
        defer { for index in key.indices { key[index] = 0 } }
        return JSONWriter.write(
            .members(
                ("format", .string(Self.format)),
                ("version", .integer(Self.version)),
                ("hash_key", .string(Hex.encode(key))),
                ("keys", .array(records.map(Self.value)))
            )
        )
    }

    private static func value(_ record: KeyRecord) -> JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "name", value: .string(record.name)), .init(name: "created", value: .integer(record.created)),
        ]
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        add("expires", record.expires.map { .integer($0) })
        add("revoked", record.revoked.map { .integer($0) })
        add("scopes", .array(record.scopes.map { .string($0) }))
        add("models", record.models.map { .array($0.map { .string($0) }) })
        add("requests_per_minute", record.limits.requestsPerMinute.map { .integer($0) })
        add("burst", record.limits.burst.map { .integer($0) })
        add("concurrent", record.limits.concurrent.map { .integer($0) })
        let texts = record.texts.map { text -> JSONValue in
            var members: [JSONObject.Member] = [
                .init(name: "digest", value: .string(text.digest.hex)), .init(name: "made", value: .integer(text.made)),
            ]
            if let ends = text.ends { members.append(.init(name: "ends", value: .integer(ends))) }
            return .object(JSONObject(members: members))
        }
        add("texts", .array(texts))
        return .object(JSONObject(members: members))
    }

    private static let members: Set<String> = [
        "name", "created", "expires", "revoked", "scopes", "models", "requests_per_minute", "burst", "concurrent",
        "texts",
    ]

    private static func record(_ value: JSONValue) throws(Fault) -> KeyRecord {
        guard let object = value.object, let name = object["name"]?.string, KeyRecord.isName(name) else {
            throw .damaged(what: "a key without a name")
        }
        let fault = Fault.damaged(what: "the key \(name)")
        guard object.members.allSatisfy({ members.contains($0.name) }) else { throw fault }
        func number(_ member: StaticString, _ range: ClosedRange<Int> = 0...Int.max) throws(Fault) -> Int? {
            guard let value = object["\(member)"] else { return nil }
            guard let number = value.number?.int, range.contains(number) else { throw fault }
            return number
        }
        func names(_ member: StaticString) throws(Fault) -> [String]? {
            guard let value = object["\(member)"] else { return nil }
            guard let list = value.array, list.count <= 100 else { throw fault }
            let names = list.compactMap(\.string)
            guard names.count == list.count else { throw fault }
            return names
        }
        guard let created = try number("created"), let scopes = try names("scopes"),
            let texts = object["texts"]?.array, texts.count <= 2
        else { throw fault }
        var read: [KeyRecord.Text] = []
        for text in texts {
            guard let digest = text.object?["digest"]?.string.flatMap(KeyDigest.init(hex:)),
                let made = text.object?["made"]?.number?.int
            else { throw fault }
            var ends: Int?
            if let end = text.object?["ends"] {
                guard let number = end.number?.int else { throw fault }
                ends = number
            }
            read.append(KeyRecord.Text(digest: digest, made: made, ends: ends))
        }
        return KeyRecord(
            name: name,
            created: created,
            expires: try number("expires"),
            revoked: try number("revoked"),
            scopes: scopes,
            models: try names("models"),
            limits: Narrowing.Limits(
                requestsPerMinute: try number("requests_per_minute", 0...100_000_000),
                burst: try number("burst", 1...100_000_000),
                concurrent: try number("concurrent", 0...100_000_000)
            ),
            texts: read
        )
    }
}
