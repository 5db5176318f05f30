import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct Secp256k1Tests {
    static func key(_ number: UInt8) throws -> Secp256k1SecretKey {
        try Secp256k1SecretKey(copying: [UInt8](repeating: number, count: 32).span)
    }

    @Test func `a signature is its key's and its message's alone, and always the same`() throws {
        let key = try Self.key(7)
        let signature = key.sign(Array("a".utf8))
        #expect(signature == key.sign(Array("a".utf8)) && signature.count == 64)
        let digest = SHA256.digest(of: Array("a".utf8))
        #expect(key.publicKey.verifies(signature, of: digest))
        #expect(try !Self.key(8).publicKey.verifies(signature, of: digest))
        #expect(!key.publicKey.verifies(signature, of: SHA256.digest(of: Array("b".utf8))))
        for index in [0, 31, 32, 63] {
            var other = signature
            other[index] ^= 1
            #expect(!key.publicKey.verifies(other, of: digest), "\(index)")
        }
        #expect(!key.publicKey.verifies(Array(signature.dropLast()), of: digest))
        #expect(!key.publicKey.verifies(signature + [0], of: digest))
        #expect(!key.publicKey.verifies([], of: digest))
        #expect(key.publicKey.verifies(der: key.signDER(Array("a".utf8)), of: digest))
    }

    @Test func `a key is 32 bytes below the order and not zero, or 64 hex digits of those`() throws {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        let zero = String(repeating: "0", count: 64)
        for text in [order, zero, "", "ab", String(repeating: "g", count: 64), order + "00"] {
            #expect(throws: Secp256k1.Fault.notAKey) { try Secp256k1SecretKey(hex: Array(text.utf8).span) }
        }
        let digits = String(repeating: "07", count: 32)
        let key = try Secp256k1SecretKey(hex: Array(" \(digits)\n".utf8).span)
        #expect(key.publicKey == (try Self.key(7)).publicKey)
        #expect(key.withHexDigits { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } } == digits)
        #expect(throws: Secp256k1.Fault.notAKey) { try Secp256k1SecretKey(copying: [1, 2, 3].span) }
        #expect(try Secp256k1SecretKey.make().publicKey != Secp256k1SecretKey.make().publicKey)
    }

    @Test func `a public key is a point of the curve in one of two forms`() throws {
        let key = try Self.key(7).publicKey
        #expect(Secp256k1PublicKey(key.compressed) == key)
        #expect(Secp256k1PublicKey([4] + key.coordinates) == key)
        // The hybrid form, a point that is none, and other lengths.
        #expect(Secp256k1PublicKey([6] + key.coordinates) == nil)
        #expect(Secp256k1PublicKey([7] + key.coordinates) == nil)
        #expect(Secp256k1PublicKey([2] + [UInt8](repeating: 0xff, count: 32)) == nil)
        #expect(Secp256k1PublicKey([]) == nil)
        #expect(Secp256k1PublicKey(Array(key.compressed.dropLast())) == nil)
    }

    @Test func `what is missing is named by its package`() {
        #expect(Secp256k1.Fault.missing.hint == "apt install libsecp256k1-1")
        #expect("\(NucFault.libraryMissing.sentence)".contains("libsecp256k1-1"))
    }
}

// SEC-202
/// Project Wycheproof's vectors for secp256k1 with SHA-256, through our own keys. A signature with a high s is refused
/// where the files call it valid: tokens have one spelling (Bitcoin's file agrees).
@Suite(
    .enabled(if: Vectors.has("wycheproof"), "\(Vectors.comment("wycheproof"))"),
    .enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed")
)
struct Secp256k1WycheproofTests {
    @Test(
        arguments: [
            "ecdsa_secp256k1_sha256_p1363_test.json", "ecdsa_secp256k1_sha256_bitcoin_test.json",
            "ecdsa_secp256k1_sha256_test.json",
        ]
    )
    func `signatures`(file: String) throws {
        let document = try JSONReader.read(Vectors.bytes("wycheproof", file)).object
        var accepted = 0
        var refused = 0
        for group in try #require(document?["testGroups"]?.array).compactMap(\.object) {
            let point = try hex(group["publicKey"]?.object?["uncompressed"])
            let key = try #require(Secp256k1PublicKey(point))
            for test in try #require(group["tests"]?.array).compactMap(\.object) {
                let digest = SHA256.digest(of: try hex(test["msg"]))
                let signature = try hex(test["sig"])
                let isRaw = file.contains("p1363")
                let answer = isRaw ? key.verifies(signature, of: digest) : key.verifies(der: signature, of: digest)
                let isValid = test["result"]?.string == "valid" && !isHigh(isRaw ? signature : raw(signature))
                #expect(answer == isValid, "\(test["tcId"]?.number?.text ?? "")")
                if answer { accepted += 1 } else { refused += 1 }
            }
        }
        #expect(accepted > 50 && refused > 100)
    }

    private func hex(_ value: JSONValue?) throws -> [UInt8] {
        try #require(value?.string.flatMap { Hex.decode($0.utf8) })
    }

    /// The last 32 bytes of a valid signature in DER, zeros in front.
    private func raw(_ der: [UInt8]) -> [UInt8] {
        guard der.count > 4 else { return [] }
        let end = 4 + Int(der[3])
        guard end + 2 <= der.count else { return [] }
        let s = der[(end + 2)...].drop { $0 == 0 }
        return [UInt8](repeating: 0, count: max(0, 64 - s.count)) + s
    }

    private func isHigh(_ signature: [UInt8]) -> Bool {
        let half = Hex.decode("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0".utf8) ?? []
        return half.lexicographicallyPrecedes(signature.suffix(32))
    }
}
