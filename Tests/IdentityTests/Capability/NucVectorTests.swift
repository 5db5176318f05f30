import Crypto
import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

/// The vectors of nuc 0.1.0 and nilai-py 0.3.1: each verdict and its reason. Where implementations are lax, `required` is
/// the verdict that counts.
@Suite(
    .enabled(if: Vectors.has("nuc"), "\(Vectors.comment("nuc"))"),
    .enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed")
)
struct NucVectorTests {
    static func cases(_ file: String) throws -> [JSONObject] {
        let document = try JSONReader.read(Vectors.bytes("nuc", file), depth: 200).object
        let cases = try #require(document?["cases"]?.array).compactMap(\.object)
        #expect(!cases.isEmpty)
        return cases
    }

    @Test(
        arguments: [("tokens_valid.json", 22), ("tokens_invalid.json", 46), ("tokens_malformed.json", 41)]
            + [("tokens_v1.json", 8)]
    )
    func `every token gets the verdict that is required, for its reason`(file: String, count: Int) throws {
        let cases = try Self.cases(file)
        #expect(cases.count == count)
        for test in cases {
            let name = test["name"]?.string ?? ""
            let required = try #require(test["required"]?.object)
            let verdict = try verdict(test)
            guard required["ok"]?.bool == false else {
                #expect(verdict == nil, "\(name): \(verdict.map { "\($0.reason)" } ?? "")")
                continue
            }
            let others = required["also_acceptable_kinds"]?.array?.compactMap(\.string) ?? []
            let reasons = [try #require(required["kind"]?.string)] + others
            #expect(verdict.map { reasons.contains("\($0.reason)") } ?? false, "\(name): \(verdict as Any)")
        }
    }

    private func verdict(_ test: JSONObject) throws -> NucFault? {
        let issuers = test["trusted_root_issuers"]?.array?.compactMap(\.string).compactMap { DID($0) } ?? []
        let requirement = try #require(test["requirement"]?.object)
        let audience = try #require(requirement["audience"]?.string.flatMap { DID($0) })
        let validator = NucValidator(
            roots: .init(issuers: issuers.isEmpty ? nil : Set(issuers)),
            requirement: requirement["type"]?.string == "invocation" ? .invocation(audience) : .delegation(audience)
        )
        let now = try #require(test["now_unix"]?.number?.int)
        do throws(NucFault) {
            let envelope = try NucEnvelope(Array((test["token"]?.string ?? "").utf8))
            let context = test["context"]?.object ?? JSONObject(members: [])
            _ = try validator.validate(envelope, now: UnixTime(seconds: Double(now)), context: context)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a token is built of its members to the byte`() throws {
        let cases = try Self.cases("tokens_build.json")
        #expect(cases.count == 8)
        for test in cases {
            let inputs = try #require(test["inputs"]?.object)
            let key = try Self.key(test["issuer_private_key_hex"])
            let audience = try #require(inputs["aud"]?.string.flatMap { DID($0) })
            let subject = try #require(inputs["sub"]?.string.flatMap { DID($0) })
            let command = try #require(inputs["cmd"]?.string.flatMap { NucCommand($0) })
            var wish: NucMint.Wish
            if let policy = inputs["pol"]?.array {
                wish = .init(delegationTo: audience, subject: subject, command: command, policy: policy)
            } else {
                let arguments = try #require(inputs["args"]?.object)
                wish = .init(invocationFor: audience, subject: subject, command: command, arguments: arguments)
            }
            wish.expires = inputs["exp"]?.number?.int
            wish.notBefore = inputs["nbf"]?.number?.int
            wish.meta = inputs["meta"]?.object
            let nonce = try #require(inputs["nonce_hex"]?.string.flatMap { Hex.decode($0.utf8) })
            let proofs = try test["proof_envelope"]?.string.map { try NucEnvelope(Array($0.utf8)) }
            let text = NucMint(key).make(wish, on: proofs, nonce: nonce)
            #expect(String(decoding: text, as: UTF8.self) == test["envelope"]?.string)
            let leaf = try #require(try NucEnvelope(text).tokens.first)
            #expect("\(leaf.hash)" == test["leaf_sha256_hex"]?.string)
            #expect(Hex.encode(leaf.signature) == test["signature_r_s_hex"]?.string)
        }
    }

    @Test func `each key has its three names`() throws {
        let cases = try Self.cases("dids.json")
        #expect(cases.count == 8)
        for test in cases {
            let key = try Self.key(test["private_key_hex"]).publicKey
            #expect(Hex.encode(key.compressed) == test["public_key_compressed_hex"]?.string)
            let uncompressed = try #require(test["public_key_uncompressed_hex"]?.string)
            #expect(try Secp256k1PublicKey(#require(Hex.decode(uncompressed.utf8))) == key)
            for (method, name) in [(DID.Method.nil, "did_nil"), (.key, "did_key"), (.ethr, "did_ethr")] {
                let text = try #require(test[name]?.string)
                #expect("\(DID(key, method: method))" == text)
                #expect(DID(text) == DID(key, method: method) && DID(text)?.method == method)
            }
        }
    }

    @Test func `commands are read, and stand above one another, as everywhere`() throws {
        let cases = try Self.cases("commands.json")
        #expect(cases.count == 19)
        for test in cases {
            if let input = test["input"]?.string {
                let command = NucCommand(input)
                #expect((command != nil) == (test["ok"]?.bool ?? false), "\(input)")
                #expect(command?.segments == test["segments"]?.array?.compactMap(\.string))
                #expect(command?.description == test["printed"]?.string)
            } else {
                let child = try #require(test["child"]?.string.flatMap { NucCommand($0) })
                let parent = try #require(test["parent"]?.string.flatMap { NucCommand($0) })
                #expect(child.isAttenuation(of: parent) == test["expected"]?.bool, "\(child) of \(parent)")
            }
        }
    }

    @Test func `selectors are those of the grammar`() throws {
        let cases = try Self.cases("selectors.json")
        #expect(cases.count == 15)
        for test in cases {
            let input = try #require(test["input"]?.string)
            #expect((NucSelector(input) != nil) == test["required_ok"]?.bool, "\(input)")
        }
    }

    @Test func `policies hold and fail as required`() throws {
        let test = try #require(try Self.cases("policies.json").first)
        let token = try #require(test["token_json"]?.object)
        let context = try #require(test["context"]?.object)
        let evaluations = try #require(test["evaluations"]?.array).compactMap(\.object)
        #expect(evaluations.count == 30)
        for evaluation in evaluations {
            let policy = try #require(evaluation["policy"])
            let rule = try #require(NucRule(policy), "\(policy)")
            #expect(rule.holds(for: token, in: context) == evaluation["required_matches"]?.bool, "\(policy)")
        }
        let malformed = try #require(test["malformed"]?.array).compactMap(\.object)
        #expect(malformed.count == 15)
        for test in malformed {
            let policy = try #require(test["policy"])
            #expect((NucRule(policy) != nil) == test["required_ok"]?.bool, "\(policy)")
        }
    }

    @Test func `an answer is signed to the byte`() throws {
        for test in try Self.cases("response_signature.json") {
            let text = try #require(test["signed_text"]?.string)
            let signature = try Self.key(test["private_key_hex"]).signDER(Array(text.utf8))
            #expect(Data(signature).base64EncodedString() == test["signature_base64_der"]?.string)
        }
    }

    static func key(_ value: JSONValue?) throws -> Secp256k1SecretKey {
        try Secp256k1SecretKey(hex: Array((value?.string ?? "").utf8).span)
    }
}

extension NucVectorTests {
    @Test func `limits are read out of chains as required`() throws {
        let cases = try Self.cases("usage_limits.json")
        #expect(cases.count == 9)
        for test in cases {
            let name = test["name"]?.string ?? ""
            let chain = try chain(test)
            let required = try #require(test["required"]?.object)
            do throws(NucFault) {
                let limits = try NucUsage.limits(of: chain)
                let expected = required["limits"]?.array?.compactMap(\.object) ?? []
                #expect(required["error"] == nil, "\(name)")
                #expect(
                    limits.map { Hex.encode($0.token.signature) } == expected.map { $0["proof_signature_hex"]?.string }
                )
                #expect(limits.map(\.most) == expected.map { $0["usage_limit"]?.number?.int })
                #expect(limits.map(\.ends) == expected.map { $0["expires_at_unix"]?.number?.int })
            } catch {
                let reasons: [NucFault: String] = [
                    .usageLimitInvalid: "INVALID_TYPE", .usageLimitWidened: "INCONSISTENT",
                ]
                #expect(reasons[error] == required["error"]?.string, "\(name)")
            }
        }
    }

    /// What nilai-py made with its clock and nonces fixed: the same here, and believed.
    @Test func `delegations of nilai-py are made to the byte and believed`() throws {
        let cases = try Self.cases("delegation.json")
        #expect(cases.count == 6)
        for test in cases {
            let name = test["name"]?.string ?? ""
            let response = test["response_json"]?.object?["delegation_token"]?.string
            guard let response, let root = test["root_token"]?.string else { continue }
            let server = try Self.key(test["server_private_key_hex"])
            let made = try NucEnvelope(Array(response.utf8))
            let parent = try NucEnvelope(Array(root.utf8))
            let leaf = try #require(made.tokens.first)
            var wish = NucMint.Wish(
                delegationTo: leaf.payload.audience,
                subject: leaf.payload.subject,
                command: leaf.payload.command,
                policy: leaf.payload.object["pol"]?.array ?? []
            )
            wish.expires = leaf.payload.expires
            wish.meta = leaf.payload.meta
            let text = NucMint(server).make(wish, on: parent, nonce: leaf.payload.nonce)
            #expect(String(decoding: text, as: UTF8.self) == response, "\(name)")
            guard let header = test["invocation_authorization_header"]?.string,
                let nilai = test["nilai_public_key_hex"]?.string.flatMap({ DID("did:nil:" + $0) })
            else { continue }
            let now = try #require(test["now_unix"]?.number?.int)
            let validator = NucValidator(roots: .init(issuers: nil), requirement: .invocation(nilai))
            let chain = try validator.validate(
                NucEnvelope(Array(header.dropFirst("Bearer ".count).utf8)),
                now: UnixTime(seconds: Double(now))
            )
            #expect(chain.tokens.count >= 3, "\(name)")
        }
    }

    @Test func `requests to nilAuth are signed to the byte, and a forged one is none`() throws {
        let cases = try Self.cases("nilauth_signed_requests.json")
        #expect(cases.count == 7)
        for test in cases {
            let request = try #require(test["request_json"]?.object)
            let payload = try #require(request["payload"]?.string.flatMap { Hex.decode($0.utf8) })
            let signature = try #require(request["signature"]?.string.flatMap { Hex.decode($0.utf8) })
            let bytes = try #require(request["public_key"]?.string.flatMap { Hex.decode($0.utf8) })
            let isForged = test["name"]?.string == "create_bad_signature"
            let key = try #require(Secp256k1PublicKey(bytes))
            #expect(key.verifies(signature, of: SHA256.digest(of: payload)) == !isForged)
            if !isForged { #expect(try Self.key(test["requester_private_key_hex"]).sign(payload) == signature) }
        }
    }

    private func chain(_ test: JSONObject) throws -> NucChain {
        let envelope = try NucEnvelope(Array((test["authorization_token"]?.string ?? "").utf8))
        let validator = NucValidator(roots: .init(issuers: nil), requirement: .none)
        return try validator.validate(envelope, now: UnixTime(seconds: 1_790_000_000))
    }
}
