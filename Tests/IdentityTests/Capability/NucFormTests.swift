import OstiaryCore
import Testing

@testable import OstiaryIdentity

/// What is a token by its form, and what is not.
@Suite struct NucFormTests {
    static let did = "did:nil:02" + String(repeating: "ab", count: 32)
    static let payload =
        #"{"iss":"\#(did)","aud":"\#(did)","sub":"\#(did)","cmd":"/a","args":{},"nonce":"00"}"#

    static func token(_ payload: String, header: String = #"{"alg":"ES256K"}"#) -> [UInt8] {
        let parts = [header, payload, "x"].map { Base64URL.encode(Array($0.utf8)) }
        return Array(parts.joined(separator: ".").utf8)
    }

    func isRead(_ text: [UInt8]) -> Bool { (try? NucEnvelope(text)) != nil }

    @Test(
        arguments: [
            (",\"nonce\":\"00\"", ""), ("\"00\"", "\"\""), ("\"00\"", "\"0\""), ("\"00\"", "\" 0\""),
            ("\"00\"", "\"0g\""), ("\"args\":{}", "\"args\":{},\"pol\":[]"), ("\"args\":{},", ""),
            ("\"args\":{}", "\"args\":[]"), ("\"args\":{}", "\"pol\":{}"), ("\"args\":{}", "\"pol\":[[]]"),
            ("/a", "a"), ("/a", "/a/"), ("/a", "//"), ("\"/a\"", "1"), ("}", ",\"iat\":1}"),
            ("\"args\":{}", "\"args\":{},\"exp\":1.0"), ("\"args\":{}", "\"args\":{},\"exp\":1e3"),
            ("\"args\":{}", "\"args\":{},\"exp\":true"), ("\"args\":{}", "\"args\":{},\"exp\":\"1\""),
            ("\"args\":{}", "\"args\":{},\"exp\":253402300800"), ("\"args\":{}", "\"args\":{},\"nbf\":[]"),
            ("\"args\":{}", "\"args\":{},\"meta\":[]"), ("\"args\":{}", "\"args\":{},\"prf\":{}"),
            ("\"args\":{}", "\"args\":{},\"prf\":[1]"), ("\"args\":{}", "\"args\":{},\"prf\":[\"ab\"]"),
            ("\"args\":{}", "\"args\":{},\"cmd\":\"/a\""), ("did:nil:02", "did:nil:2"), ("did:nil:02", " did:nil:02"),
            ("did:nil:02", "did:nix:02"), ("did:nil:02ab", "did:nil:02gb"),
        ]
    )
    func `what breaks a rule of the payload is malformed`(part: String, instead: String) {
        #expect(isRead(Self.token(Self.payload)))
        let broken = Self.payload.replacing(part, with: instead, maxReplacements: 1)
        #expect(broken != Self.payload)
        #expect(!isRead(Self.token(broken)), "\(broken)")
    }

    @Test func `null is as good as nothing where a member may be left out`() {
        for member in ["exp", "nbf", "meta"] {
            #expect(isRead(Self.token(Self.payload.replacing("\"args\"", with: "\"\(member)\":null,\"args\""))))
        }
    }

    @Test(
        arguments: [
            #"{"alg":"ES256"}"#, #"{"alg":"none"}"#, #"{}"#, #"[]"#, #"{"alg":"ES256K","typ":"JWT"}"#,
            #"{"alg":"ES256K","kid":"1"}"#, #"{"typ":"nuc","alg":"ES256K","ver":"1.0"}"#,
            #"{"typ":"nuc","alg":"ES256K","ver":"1.0.x"}"#, #"{"typ":"nuc","alg":"ES256K","ver":"1.0.0","x":1}"#,
            #"{"typ":"nuc","alg":"ES256K"}"#, #"{"alg":"ES256K","alg":"ES256K"}"#, "",
            #"{"typ":"nuc+eip712","alg":"ES256K","ver":"1.0.0"}"#,
        ]
    )
    func `another header is malformed`(header: String) {
        #expect(!isRead(Self.token(Self.payload, header: header)))
    }

    @Test(arguments: [#"{ "alg" : "ES256K" }"#, #"{"typ":"nuc","alg":"ES256K","ver":"1.20.3"}"#])
    func `a header may be written otherwise`(header: String) {
        #expect(isRead(Self.token(Self.payload, header: header)))
    }

    @Test func `an envelope is tokens with strokes between them, each of one spelling`() {
        let token = Self.token(Self.payload)
        let text = String(decoding: token, as: UTF8.self)
        #expect(isRead(Array("\(text)/\(text)".utf8)))
        for broken in [
            "", "/", "\(text)/", "/\(text)", "\(text)//\(text)", " \(text)", "\(text)\n", "\(text)=", "a.b",
            "\(text).AA", "\(text.dropLast())B", "..", String(repeating: "ab", count: 32),
        ] {
            #expect(!isRead(Array(broken.utf8)), "\(broken)")
        }
        #expect(throws: NucFault.tooLarge) { try NucEnvelope([UInt8](repeating: 0x41, count: 10241)) }
        #expect(throws: NucFault.tooLarge) { try NucEnvelope(token, limit: token.count - 1) }
        #expect(isRead(token) && (try? NucEnvelope(token, limit: token.count)) != nil)
    }

    @Test func `a credential is told by its header`() {
        #expect(NucEnvelope.hasForm(Self.token(Self.payload)))
        #expect(NucEnvelope.hasForm(Self.token("", header: #"{"typ":"nuc","alg":"ES256K","ver":"1.0.0"}"#)))
        #expect(!NucEnvelope.hasForm(Self.token(Self.payload, header: #"{"alg":"ES256"}"#)))
        #expect(!NucEnvelope.hasForm([]))
        #expect(!NucEnvelope.hasForm(Array("ost_abc".utf8)))
    }

    @Test func `numbers are compared by worth, text by bytes, members in any order`() throws {
        func same(_ left: String, _ right: String) throws -> Bool {
            try JSONReader.read(Array(left.utf8)).isSameValue(as: JSONReader.read(Array(right.utf8)))
        }
        for (left, right) in [("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("1.50", "15e-1"), ("0e9", "0")] {
            #expect(try same(left, right), "\(left) \(right)")
        }
        for (left, right) in [("1", "true"), ("0", "false"), ("1", "\"1\""), ("1", "-1"), ("1", "10"), ("null", "0")] {
            #expect(try !same(left, right), "\(left) \(right)")
        }
        #expect(try same(#"{"a":1,"b":[2]}"#, #"{"b":[2.0],"a":1}"#))
        #expect(try !same(#"{"a":1}"#, #"{"a":1,"b":null}"#))
        // One letter in two spellings.
        #expect(try !same(#""\u00e9""#, #""e\u0301""#))
        #expect(try !same("[1,2]", "[2,1]"))
        // Exponents beyond any bound end neither the comparison nor the process.
        #expect(try !same("1e99999999999999999999", "2e99999999999999999999"))
        #expect(try same("1e99999999999999999999", "1e99999999999999999999"))
    }
}
