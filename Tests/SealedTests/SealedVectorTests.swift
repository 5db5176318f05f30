import Crypto
import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySealed

/// The shared cases of `vectors/ehbp`, whatever files lie there.
@Suite(.enabled(if: Vectors.has("ehbp"), "\(Vectors.comment("ehbp"))"))
struct SealedVectorTests {
    struct File: Decodable {
        let vectors: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let kind: String
        let `in`: [String: String]
        let expect: [String: String]

        var testDescription: String { id }

        func bytes(_ name: String) throws -> [UInt8] {
            let digits = try #require(self.in[name])
            return try #require(Hex.decode(digits.utf8))
        }

        func secret() throws -> AnswerSecret {
            let key = PublicPoint(try bytes("request_enc"))
            return AnswerSecret(SymmetricKey(data: try bytes("exported_secret")), EncapsulatedKey(try #require(key)))
        }

        func nonce() throws -> ResponseNonce {
            let digits = try #require(self.in["response_nonce"])
            return try ResponseNonce(field: Array(digits.utf8))
        }
    }

    static func cases(_ kinds: String...) -> [Case] {
        Vectors.files("ehbp") { $0.hasSuffix(".json") }
            .flatMap { (try? Vectors.decode(File.self, "ehbp", $0).vectors) ?? [] }
            .filter { kinds.contains($0.kind) }
    }

    static let known: Set = [
        "key_config_parse", "key_config_marshal", "open_request", "derive_response_keys", "chunk_nonce",
        "seal_response",
        "open_response", "response_headers", "token_marshal", "token_parse",
    ]

    @Test func `every file is read, and every kind of case is known`() throws {
        let files = Vectors.files("ehbp") { $0.hasSuffix(".json") }
        #expect(!files.isEmpty)
        for file in files {
            let kinds = try Vectors.decode(File.self, "ehbp", file).vectors.map(\.kind)
            #expect(Set(kinds).isSubset(of: Self.known), "\(file)")
        }
    }

    @Test(arguments: cases("key_config_parse"))
    func `key documents are read`(test: Case) throws {
        do throws(SealedFault) {
            let document = try KeyDocument(Hex.decode((test.in["config"] ?? "").utf8) ?? [])
            #expect(Hex.encode(document.publicKey.bytes) == test.expect["public_key"])
            #expect(String(document.keyID) == test.expect["key_id"])
        } catch {
            #expect(error.code.rawValue == test.expect["error"])
        }
    }

    @Test(arguments: cases("key_config_marshal"))
    func `key documents are written`(test: Case) throws {
        let bytes = try test.bytes("public_key")
        let document = KeyDocument(publicKey: try #require(PublicPoint(bytes)))
        #expect(Hex.encode(document.bytes) == test.expect["config"])
        #expect(KeyDocument.mediaType == test.expect["content_type"])
    }

    @Test(arguments: cases("open_request"))
    func `requests are opened, or refused for the right reason`(test: Case) throws {
        let bytes = try test.bytes("server_private_key")
        let key = try EndpointKey(Secret(copying: bytes.span))
        let encapsulated: EncapsulatedKey
        do throws(SealedFault) {
            encapsulated = try EncapsulatedKey(field: Array((test.in["encapsulated_key"] ?? "").utf8))
        } catch {
            #expect(error.code.rawValue == test.expect["error"])
            #expect(test.expect["http_status"] == "400")
            return
        }
        let body = try test.bytes("body")
        // A byte at a time for short ones: pieces need not be frames.
        for step in body.count < 2_000 ? [1, 7, body.count] : [1_000, body.count] {
            var opener = RequestOpener(encapsulated, keys: [EndpointKey(), key])
            var fault: SealedFault?
            do throws(SealedFault) {
                for start in stride(from: 0, to: body.count, by: max(1, step)) {
                    try opener.take(ByteBuffer(bytes: body[start..<min(body.count, start + step)]))
                }
            } catch {
                fault = error
            }
            let plaintext = Hex.encode(opener.plaintext.readableBytesView)
            let frames = opener.frames
            if fault == nil {
                do throws(SealedFault) {
                    let secret = try opener.finish()
                    #expect(secret.secret.withUnsafeBytes { Hex.encode($0) } == test.expect["exported_secret"])
                    #expect(plaintext == test.expect["plaintext"])
                    #expect(test.expect["http_status"] == "200")
                    continue
                } catch {
                    fault = error
                }
            }
            let refused = try #require(fault)
            #expect(refused.code.rawValue == test.expect["error"])
            #expect(plaintext == test.expect["plaintext_before_error"])
            #expect(String(RequestOpener.status(of: refused, after: frames)) == test.expect["http_status"])
        }
    }

    @Test(arguments: cases("derive_response_keys"))
    func `an answer's keys are derived`(test: Case) throws {
        let keys = AnswerKeys(try test.secret(), nonce: try test.nonce())
        #expect(keys.key.withUnsafeBytes { Hex.encode($0) } == test.expect["key"])
        #expect(Hex.encode(keys.base) == test.expect["nonce_base"])
    }

    @Test(arguments: cases("chunk_nonce"))
    func `a frame's nonce holds its number`(test: Case) throws {
        let sequence = try #require(UInt64(test.in["sequence"] ?? ""))
        #expect(Hex.encode(AnswerKeys.nonce(try test.bytes("nonce_base"), sequence)) == test.expect["nonce"])
    }

    @Test(arguments: cases("seal_response"))
    func `answers are sealed write by write`(test: Case) throws {
        var sealer = AnswerSealer(AnswerKeys(try test.secret(), nonce: try test.nonce()))
        var body = ByteBuffer()
        for write in (test.in["writes"] ?? "").split(separator: ",", omittingEmptySubsequences: false) {
            body.writeImmutableBuffer(try sealer.seal(ByteBuffer(bytes: try #require(Hex.decode(write.utf8)))))
        }
        #expect(Hex.encode(body.readableBytesView) == test.expect["body"])
    }

    @Test(arguments: cases("open_response"))
    func `answers are opened up to the first bad frame`(test: Case) throws {
        let body = try test.bytes("body")
        for step in body.count < 2_000 ? [1, 7, max(1, body.count)] : [1_000, body.count] {
            var opener = try test.secret().opener(try test.nonce())
            var plaintext: [UInt8] = []
            var fault: SealedFault?
            do throws(SealedFault) {
                for start in stride(from: 0, to: body.count, by: step) {
                    try opener.take(ByteBuffer(bytes: body[start..<min(body.count, start + step)])) {
                        plaintext += $0.readableBytesView
                    }
                }
                try opener.finish()
            } catch {
                fault = error
            }
            #expect(fault?.code.rawValue == test.expect["error"])
            #expect(Hex.encode(plaintext) == test.expect["plaintext_before_error"] ?? test.expect["plaintext"])
        }
    }

    @Test(arguments: cases("response_headers"))
    func `an answer's head says whether it is sealed`(test: Case) throws {
        let fields = (test.in["headers"] ?? "").split(separator: "\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
        }
        let status = try #require(Int(test.in["status"] ?? ""))
        do throws(SealedFault) {
            switch try AnswerVerdict(status: status, fields: fields, body: Array((test.in["body_utf8"] ?? "").utf8)) {
            case .sealed(let nonce):
                #expect(test.expect["outcome"] == "decrypt")
                #expect(nonce.field == test.expect["nonce"])
            case .plain: #expect(test.expect["outcome"] == "passthrough")
            }
        } catch {
            #expect(test.expect["outcome"] == "error")
            #expect(error.code.rawValue == test.expect["error"])
        }
    }

    @Test(arguments: cases("token_marshal"))
    func `recovery tokens are written and read again`(test: Case) throws {
        let token = try test.secret().recoveryToken
        #expect(String(decoding: token, as: UTF8.self) == test.expect["json"])
        #expect(try AnswerSecret(recoveryToken: token).recoveryToken == token)
    }

    @Test(arguments: cases("token_parse"))
    func `recovery tokens are checked`(test: Case) throws {
        do throws(SealedFault) {
            _ = try AnswerSecret(recoveryToken: Array((test.in["json"] ?? "").utf8))
            #expect(test.expect["error"] == nil)
        } catch {
            #expect(error.code.rawValue == test.expect["error"])
        }
    }
}
