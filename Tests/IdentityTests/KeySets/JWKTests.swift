import Crypto
import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct JWKTests {
    let signer = Signer("es-1")

    func fault(_ key: String, allowing algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases) throws
        -> JWK.Fault?
    {
        let value = try JSONReader.read(Array(key.utf8))
        do throws(JWK.Fault) {
            _ = try JWK.read(value, allowing: algorithms)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "", #""use":"sig""#, #""key_ops":["verify"]"#, #""key_ops":["sign","verify"]"#, #""alg":"ES256""#,
        #""kid":"","x5c":["AAAA"],"x5t":"x","unknown":{}"#,
    ])
    func keepsAKeyForVerifying(more: String) throws {
        #expect(try fault(signer.jwk(more)) == nil)
    }

    @Test(arguments: [
        (#""use":"enc""#, JWK.Fault.use), (#""use":"SIG""#, .use), (#""use":null"#, .use), (#""use":1"#, .use),
        (#""key_ops":["sign"]"#, .operations), (#""key_ops":[]"#, .operations), (#""key_ops":"verify""#, .operations),
        (#""alg":"ES384""#, .algorithm), (#""alg":"RS256""#, .algorithm), (#""alg":"HS256""#, .algorithm),
        (#""alg":"es256""#, .algorithm), (#""alg":null"#, .algorithm), (#""d":"AAAA""#, .privateKey),
        (#""k":"AAAA""#, .privateKey), (#""kid":1"#, .name),
        (#""kid":"\#(String(repeating: "k", count: 257))""#, .name),
    ])
    func leavesOutAKeyForSomethingElse(more: String, expected: JWK.Fault) throws {
        #expect(try fault(signer.jwk(more)) == expected)
    }

    @Test func leavesOutKeysThatThePolicyCannotUse() throws {
        #expect(try fault(signer.jwk(), allowing: [.rs256]) == .algorithm)
        let ed = Signer("ed", .ed25519(Curve25519.Signing.PrivateKey()))
        #expect(try fault(ed.jwk(), allowing: [.es256]) == .algorithm)
        #expect(try fault(ed.jwk()) == nil)
    }

    @Test(arguments: [
        #"[]"#, #"{}"#, #"{"kty":"oct","k":"AAAA"}"#, #"{"kty":"FUTURE"}"#, #"{"kty":"EC"}"#,
        #"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#, #"{"kty":"OKP","crv":"Ed448","x":"AAAA"}"#,
        #"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#, #"{"kty":"EC","crv":"P-256"}"#,
        #"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, #"{"kty":"EC","crv":"P-256","x":1,"y":2}"#,
    ])
    func leavesOutWhatIsNoSuchKey(key: String) throws {
        #expect(try fault(key) != nil)
    }

    @Test func leavesOutAPointOffTheCurveOrSpelledLoosely() throws {
        let x = Base64URL.encode(Array(repeating: 1, count: 32))
        #expect(try fault(#"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)"}"#) == .value)
        let padded = signer.material.replacing(#"","y""#, with: #"=","y""#)
        #expect(try fault("{\(padded)}") == .value)
        guard case .p256(let key) = signer.key else { return }
        let raw = Array(key.publicKey.rawRepresentation)
        let long = Base64URL.encode([0] + raw.prefix(32))
        let y = Base64URL.encode(Array(raw.suffix(32)))
        #expect(try fault(#"{"kty":"EC","crv":"P-256","x":"\#(long)","y":"\#(y)"}"#) == .value)
    }

    func rsa(bits: Int, exponent: [UInt8] = [1, 0, 1], top: UInt8 = 0x80, last: UInt8 = 0x01) -> String {
        var modulus = [UInt8](repeating: 0x55, count: bits / 8)
        modulus[0] = top
        modulus[modulus.count - 1] = last
        return #"{"kty":"RSA","n":"\#(Base64URL.encode(modulus))","e":"\#(Base64URL.encode(exponent))"}"#
    }

    @Test func boundsTheSizeOfRSAKeys() throws {
        #expect(try fault(rsa(bits: 2048)) == nil)
        #expect(try fault(rsa(bits: 2048, top: 0x7f)) == .weak)
        #expect(try fault(rsa(bits: 1024)) == .weak)
        #expect(try fault(rsa(bits: 8192)) == nil)
        #expect(try fault(rsa(bits: 8200)) == .weak)
        #expect(try fault(rsa(bits: 65_536)) == .weak)
        #expect(try fault(rsa(bits: 2048, top: 0)) == .value)
        #expect(try fault(rsa(bits: 2048, last: 2)) == .value)
        for exponent: [UInt8] in [[], [1], [2], [0, 1, 0, 1], [1, 0, 0, 0, 1]] {
            #expect(try fault(rsa(bits: 2048, exponent: exponent)) == .value, "\(exponent)")
        }
        #expect(try fault(rsa(bits: 2048, exponent: [3])) == nil)
    }

    @Test func leavesOutRSAKeysOfTheBrokenGenerator() {
        // A power of 65537 bears the mark whatever the prime.
        var marked: [UInt8] = [1]
        for _ in 0..<8 {
            // Times 65537 is the number itself, and itself two bytes further up.
            let shifted = marked + [0, 0]
            let plain = [0, 0] + marked
            var sum = [UInt8](repeating: 0, count: shifted.count)
            var carry = 0
            for place in shifted.indices.reversed() {
                let digit = Int(shifted[place]) + Int(plain[place]) + carry
                sum[place] = UInt8(digit & 0xff)
                carry = digit >> 8
            }
            marked = sum
        }
        #expect(ROCA.marks(marked))
        marked[marked.count - 1] ^= 2
        #expect(!ROCA.marks(marked))
    }

    @Test func thumbprintsAreThoseOfRFC7638() throws {
        // The example of RFC 7638 section 3.1.
        let key = """
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC\
            PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs\
            8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb\
            w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
            """
        let object = try #require(try JSONReader.read(Array(key.utf8)).object)
        #expect(JWK.thumbprint(of: object) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(JWK.thumbprint(of: JSONObject(members: [])) == nil)
    }

    @Test func anUnnamedKeyIsUsableOnlyAlone() throws {
        let both = try KeySet(document: document(signer.jwk(""), Signer("es-2").jwk()), allowing: [.es256])
        #expect(both.keys.map(\.name) == ["es-2"])
        #expect(both.dropped.map(\.fault) == [.unnamed])
        let alone = try KeySet(document: document(signer.jwk("")), allowing: [.es256])
        #expect(alone.keys.count == 1)
    }

    @Test func eachKeyIsKeptOrLeftOutAlone() throws {
        let set = try KeySet(
            document: document(
                #"{"kty":"FUTURE"}"#,
                signer.jwk(),
                "null",
                rsa(bits: 1024),
                Signer("es-2").jwk(),
                #"{"kty":"oct"}"#
            ),
            allowing: SignatureAlgorithm.allCases
        )
        #expect(set.keys.map(\.name) == ["es-1", "es-2"])
        #expect(set.dropped.map(\.position) == [0, 2, 3, 5])
        #expect(set.dropped.map(\.fault) == [.unsupported, .notAnObject, .weak, .unsupported])
    }
}
