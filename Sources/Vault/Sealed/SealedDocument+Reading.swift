import OstiaryCore

extension SealedDocument {
    /// Why bytes are no document. Its words name places, never contents.
    enum ReadFault: Error, Hashable {
        case damaged(String)
        case unknownFormat
    }

    /// Reads a file's bytes, without looking at the mark. All members have to be there, and no others.
    init(_ bytes: [UInt8]) throws(ReadFault) {
        guard bytes.count <= Self.byteLimit else { throw .damaged("larger than it may be") }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes, depth: 8)
        } catch {
            throw .damaged("it is no JSON (\(error))")
        }
        let top = try Members(value, "the document")
        guard try top.integer("format") == Self.format else { throw .unknownFormat }
        try top.hasOnly(["format", "generation", "kdf", "keys", "entries", "mac"])
        generation = try top.integer("generation")
        derivation = try KeyDerivation(Members(top.value("kdf"), "kdf"))
        guard let keys = try top.value("keys").array, keys.count <= Self.keyLimit else { throw .damaged("keys") }
        self.keys = []
        for key in keys { self.keys.append(try Key(Members(key, "keys"))) }
        guard let entries = try top.value("entries").object, entries.members.count <= Self.entryLimit else {
            throw .damaged("entries")
        }
        self.entries = []
        for member in entries.members {
            guard let name = try? StoredName(member.name) else { throw .damaged("an entry's name") }
            self.entries.append(try Entry(name, Members(member.value, "entry \(name)")))
        }
        guard Set(self.keys.map(\.kid)).count == self.keys.count, self.keys.count(where: \.isActive) == 1 else {
            throw .damaged("keys")
        }
    }
}

extension SealedDocument.Key {
    fileprivate init(_ members: Members) throws(SealedDocument.ReadFault) {
        try members.hasOnly(["kid", "wrap", "nonce", "ct", "created_at", "state"])
        guard try members.string("wrap") == "A256GCM" else { throw .damaged("keys: wrap") }
        let state = try members.string("state")
        guard state == "active" || state == "retired" else { throw .damaged("keys: state") }
        self.init(
            kid: try members.kid(),
            sealed: try members.sealed(),
            created: try members.time("created_at"),
            isActive: state == "active"
        )
    }
}

extension SealedDocument.Entry {
    fileprivate init(_ name: StoredName, _ members: Members) throws(SealedDocument.ReadFault) {
        try members.hasOnly(["kid", "generation", "nonce", "ct", "created_at", "updated_at"])
        self.init(
            name: name,
            kid: try members.kid(),
            generation: try members.integer("generation"),
            sealed: try members.sealed(),
            created: try members.time("created_at"),
            updated: try members.time("updated_at")
        )
    }
}

extension KeyDerivation {
    fileprivate init(_ members: Members) throws(SealedDocument.ReadFault) {
        let salt = try members.bytes("salt")
        switch try members.string("name") {
        case "scrypt":
            try members.hasOnly(["name", "n", "r", "p", "salt"])
            let (n, r, p) = (try members.integer("n"), try members.integer("r"), try members.integer("p"))
            self.init(method: .scrypt(n: n, r: r, p: p), salt: salt)
        case "pbkdf2-sha256":
            try members.hasOnly(["name", "iterations", "salt"])
            self.init(method: .pbkdf2(iterations: try members.integer("iterations")), salt: salt)
        case "hkdf-sha256":
            try members.hasOnly(["name", "salt"])
            self.init(method: .hkdf, salt: salt)
        default: throw .damaged("kdf: name")
        }
        guard isBounded else { throw .damaged("kdf: it asks for too much or too little work") }
    }
}

/// An object's members, each asked for by name and form.
private struct Members {
    let object: JSONObject
    let place: String

    init(_ value: JSONValue, _ place: String) throws(SealedDocument.ReadFault) {
        guard let object = value.object else { throw .damaged(place) }
        self.object = object
        self.place = place
    }

    func hasOnly(_ names: [String]) throws(SealedDocument.ReadFault) {
        for member in object.members where !names.contains(where: { $0.hasSameBytes(as: member.name) }) {
            throw .damaged("\(place): a member that does not belong there")
        }
    }

    func value(_ name: String) throws(SealedDocument.ReadFault) -> JSONValue {
        guard let value = object[name] else { throw .damaged("\(place): \(name)") }
        return value
    }

    func string(_ name: String) throws(SealedDocument.ReadFault) -> String {
        guard let text = try value(name).string else { throw .damaged("\(place): \(name)") }
        return text
    }

    /// A whole number from 0 to 2^53.
    func integer(_ name: String) throws(SealedDocument.ReadFault) -> Int {
        guard let text = try value(name).number?.text, let number = Int(text), (0...1 << 53).contains(number) else {
            throw .damaged("\(place): \(name)")
        }
        return number
    }

    func time(_ name: String) throws(SealedDocument.ReadFault) -> UnixTime {
        UnixTime(seconds: Double(try integer(name)))
    }

    func bytes(_ name: String) throws(SealedDocument.ReadFault) -> [UInt8] {
        guard let bytes = Base64URL.decode(try string(name)) else { throw .damaged("\(place): \(name)") }
        return bytes
    }

    /// A key's name: `k` and digits.
    func kid() throws(SealedDocument.ReadFault) -> String {
        let kid = try string("kid")
        guard SealedDocument.number(of: kid) != nil else { throw .damaged("\(place): kid") }
        return kid
    }

    func sealed() throws(SealedDocument.ReadFault) -> SealedBytes {
        let sealed = SealedBytes(nonce: try bytes("nonce"), text: try bytes("ct"))
        guard sealed.nonce.count == SealedBytes.nonceBytes, sealed.text.count >= SealedBytes.tagBytes else {
            throw .damaged("\(place): ct")
        }
        return sealed
    }
}

extension SealedDocument {
    /// The number in a key's name.
    static func number(of kid: String) -> Int? {
        guard kid.utf8.first == UInt8(ascii: "k"), let number = Int(kid.dropFirst()), number > 0, kid == "k\(number)"
        else { return nil }
        return number
    }

    /// The name of the next key.
    var nextKid: String { "k\((keys.compactMap { Self.number(of: $0.kid) }.max() ?? 0) &+ 1)" }
}
