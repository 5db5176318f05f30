import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

// SEC-202
/// Project Wycheproof's vectors through our own key reading and verifying.
///
/// What we decided where the files leave a choice, or ask for what we do not offer:
/// - Symmetric keys (HS256 and the rest): not supported. Every token under one is refused, valid or not.
/// - Keys whose `alg` is not the token's, or no registered name (`ES521`): refused, though the files call three of them
///   valid. A key's `alg` pins it (RFC 7517 section 4.4).
/// - Tokens in the JSON serialisation: refused, we read the compact one.
/// - `acceptable` (an RSA signature whose DigestInfo lacks the NULL): refused; RFC 8017 section 8.2.2 compares the whole
///   encoding, which has it.
@Suite(.enabled(if: Vectors.has("wycheproof"), "\(Vectors.comment("wycheproof"))"))
struct WycheproofTests {
    static func files(_ matches: (String) -> Bool) -> [String] {
        Vectors.files("wycheproof") { $0.hasSuffix(".json") && matches($0) }
    }

    func groups(_ file: String) throws -> [JSONObject] {
        let document = try JSONReader.read(Vectors.bytes("wycheproof", file)).object
        let groups = try #require(document?["testGroups"]?.array).compactMap(\.object)
        #expect(!groups.isEmpty)
        return groups
    }

    func hex(_ value: JSONValue?) throws -> [UInt8] {
        try #require(value?.string.flatMap { Hex.decode($0.utf8) })
    }

    func key(_ text: String) throws -> VerificationKey? {
        try? JWK.read(JSONReader.read(Array(text.utf8)), allowing: SignatureAlgorithm.allCases)
    }

    /// Puts each test's message and signature to `key`.
    func judge(_ group: JSONObject, _ key: VerificationKey?, _ algorithm: SignatureAlgorithm) throws {
        for test in try #require(group["tests"]?.array).compactMap(\.object) {
            let message = try hex(test["msg"])
            let accepted = key?.verifies(try hex(test["sig"]), of: message[...], with: algorithm) ?? false
            let number = test["tcId"]?.number?.text ?? ""
            #expect(accepted == (test["result"]?.string == "valid"), "\(algorithm.rawValue) \(number)")
            // No other algorithm takes it.
            for other in SignatureAlgorithm.allCases where other != algorithm && accepted {
                #expect(key?.verifies(try hex(test["sig"]), of: message[...], with: other) != true, "\(number)")
            }
        }
    }

    @Test(arguments: files { $0.hasPrefix("ecdsa_secp") && $0.hasSuffix("p1363_test.json") && !$0.contains("k1") })
    func ecdsaSignatures(file: String) throws {
        for group in try groups(file) {
            let point = try hex(group["publicKey"]?.object?["uncompressed"])
            let size = (point.count - 1) / 2
            let (curve, algorithm): (String, SignatureAlgorithm) =
                switch size {
                case 32: ("P-256", .es256)
                case 48: ("P-384", .es384)
                default: ("P-521", .es512)
                }
            let x = Base64URL.encode(Array(point.dropFirst().prefix(size)))
            let y = Base64URL.encode(Array(point.suffix(size)))
            let key = try key(#"{"kty":"EC","crv":"\#(curve)","x":"\#(x)","y":"\#(y)"}"#)
            try judge(group, key, algorithm)
        }
    }

    /// P-256 by our own arithmetic. One of the files has DER signatures: those that have no other spelling in JWS are
    /// none there.
    @Test(arguments: files { $0.hasPrefix("ecdsa_secp256r1_sha256_") })
    func ecdsaSignaturesByTables(file: String) throws {
        var accepted = 0
        var judged = 0
        for group in try groups(file) {
            let point = try hex(group["publicKey"]?.object?["uncompressed"])
            let x = try #require(Limbs(bytes: point, at: 1))
            let y = try #require(Limbs(bytes: point, at: 33))
            let judges = try #require(AffinePoint(x: x, y: y).flatMap { Judges($0) })
            for test in try #require(group["tests"]?.array).compactMap(\.object) {
                let message = try hex(test["msg"])
                let bytes = try hex(test["sig"])
                let raw = file.contains("p1363") ? bytes : Self.raw(bytes) ?? []
                let signature = ES256Signature(raw, of: message[...])
                let answer = signature?.isGenuine(by: judges.tables) ?? false
                let number = test["tcId"]?.number?.text ?? ""
                #expect(answer == (test["result"]?.string == "valid"), "\(number)")
                #expect(answer == (signature?.isGenuine(by: judges.library) ?? false), "\(number)")
                judged += 1
                if answer { accepted += 1 }
            }
        }
        #expect(accepted > 50 && judged > 150)
    }

    /// r and s out of a strict DER signature, 32 bytes each; `nil` for anything else, and for numbers that are longer.
    static func raw(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 2, bytes[0] == 0x30, bytes[1] < 0x80, Int(bytes[1]) == bytes.count - 2 else { return nil }
        var rest = bytes[2...]
        var raw: [UInt8] = []
        for _ in 0..<2 {
            guard rest.count >= 3, let tag = rest.popFirst(), let length = rest.popFirst(), tag == 2,
                length >= 1, length <= 33, rest.count >= length
            else { return nil }
            let number = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            // Positive, and no longer than it has to be.
            guard number[0] < 0x80, number.count == 1 || number[0] != 0 || number[1] >= 0x80 else { return nil }
            let digits = number.drop { $0 == 0 }
            guard digits.count <= 32 else { return nil }
            raw += Array(repeating: 0, count: 32 - digits.count) + digits
        }
        return rest.isEmpty ? raw : nil
    }

    @Test(arguments: files { $0.hasPrefix("ed25519") })
    func ed25519Signatures(file: String) throws {
        for group in try groups(file) {
            let x = Base64URL.encode(try hex(group["publicKey"]?.object?["pk"]))
            try judge(group, try key(#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#), .edDSA)
        }
    }

    @Test(arguments: files { $0.hasPrefix("rsa_signature") || $0.hasPrefix("rsa_pss") })
    func rsaSignatures(file: String) throws {
        for group in try groups(file) {
            let numbers = group["publicKey"]?.object
            let n = Base64URL.encode(Array(try hex(numbers?["modulus"]).drop { $0 == 0 }))
            let e = Base64URL.encode(Array(try hex(numbers?["publicExponent"]).drop { $0 == 0 }))
            let hash = try #require(group["sha"]?.string).suffix(3)
            let kind = file.contains("pss") ? "PS" : "RS"
            let algorithm = try #require(SignatureAlgorithm(named: kind + hash))
            try judge(group, try key(#"{"kty":"RSA","n":"\#(n)","e":"\#(e)"}"#), algorithm)
        }
    }

    /// Whether a key set of `keys` vouches for a compact token.
    func accepts(_ token: JSONValue?, _ keys: [JSONValue]) -> Bool {
        let document = JSONWriter.write(.members(("keys", .array(keys))))
        guard let token = token?.string,
            let set = try? KeySet(document: document, allowing: SignatureAlgorithm.allCases),
            let jws = try? JWS(compact: Array(token.utf8)),
            let algorithm = SignatureAlgorithm(named: jws.algorithm),
            case .found(let key) = set.match(name: jws.keyName, algorithm: algorithm)
        else { return false }
        return jws.isSigned(by: key, with: algorithm)
    }

    /// Whether the decisions above refuse a token that the files call valid.
    func isRefusedByDecision(_ token: JSONValue?, _ keys: [JSONValue]) -> Bool {
        let algorithm = token?.string.flatMap { try? JWS(compact: Array($0.utf8)) }?.algorithm
        return keys.compactMap(\.object).allSatisfy { key in
            key["kty"]?.string == "oct" || key["alg"].map { $0.string != algorithm } == true
        }
    }

    @Test(arguments: files { $0.hasPrefix("json_web_signature") || $0.hasPrefix("json_web_key") })
    func jsonWebSignatures(file: String) throws {
        var accepted = 0
        for group in try groups(file) {
            let material = try #require(group["public"] ?? group["private"])
            let keys = material.object?["keys"]?.array ?? [material]
            for test in try #require(group["tests"]?.array).compactMap(\.object) {
                let valid = test["result"]?.string == "valid"
                let expected = valid && !isRefusedByDecision(test["jws"], keys)
                let answer = accepts(test["jws"], keys)
                if answer { accepted += 1 }
                #expect(answer == expected, "\(test["tcId"]?.number?.text ?? "") \(test["comment"]?.string ?? "")")
            }
        }
        #expect(accepted > 0)
    }
}
