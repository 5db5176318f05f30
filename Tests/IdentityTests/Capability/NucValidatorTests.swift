import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct NucValidatorTests {
    let scene: NucScene

    init() throws { scene = try NucScene() }

    @Test func `a chain of an account is believed, whoever stands between`() throws {
        let root = try scene.root()
        #expect(scene.verdict(try scene.invocation(scene.owner, on: root)) == nil)
        let delegation = try scene.delegation(scene.owner, to: scene.other, on: root)
        #expect(scene.verdict(try scene.invocation(scene.other, on: delegation)) == nil)
        let further = try scene.delegation(scene.other, to: scene.client, on: delegation)
        #expect(scene.verdict(try scene.invocation(scene.client, on: further)) == nil)
        let chain = try scene.validator.validate(
            scene.invocation(scene.client, on: further),
            now: UnixTime(seconds: Double(NucScene.now))
        )
        #expect(chain.tokens.count == 4 && chain.expires == NucScene.now + 3600)
        #expect(chain.root.payload.issuer == scene.did(scene.owner) && chain.leaf.isInvocation)
        #expect(NucChain.isSelfIssued(chain.root))
    }

    @Test func `a root is somebody's who is trusted, or an account's own`() throws {
        let strangers = NucValidator(roots: .init(issuers: []), requirement: .none)
        let call = try scene.invocation(scene.owner, on: scene.root())
        #expect(scene.verdict(call, strangers) == .rootKeySignatureMissing)
        // An account is not believed for what it says of others, nor for a root made out to another.
        let foreign = try scene.delegation(scene.owner, to: scene.client, on: nil)
        #expect(scene.verdict(try scene.invocation(scene.client, on: foreign)) == .rootKeySignatureMissing)
        #expect(scene.verdict(try scene.invocation(scene.owner, on: nil)) == .rootKeySignatureMissing)
        // An issuer may make roots for anybody.
        let issued = try scene.delegation(scene.other, to: scene.owner, on: nil)
        let issuers = NucValidator(
            roots: .init(issuers: [scene.did(scene.other)]),
            requirement: .invocation(scene.did(scene.service))
        )
        #expect(scene.verdict(try scene.invocation(scene.owner, on: issued), issuers) == nil)
        // In whichever spelling the configuration has it.
        let spelled = NucValidator(
            roots: .init(issuers: Set([DID(DID(scene.other.publicKey, method: .key).description)].compactMap { $0 })),
            requirement: .none
        )
        #expect(scene.verdict(try scene.invocation(scene.owner, on: issued), spelled) == nil)
    }

    @Test func `proofs are those of the chain, once each and in its order`() throws {
        let root = try scene.root()
        let delegation = try scene.delegation(scene.owner, to: scene.client, on: root)
        let tokens = try scene.invocation(scene.client, on: delegation).tokens
        let unrelated = try #require(try scene.root(nonce: 9).tokens.first)
        func verdict(_ order: [NucToken]) throws -> NucFault? { scene.verdict(try NucEnvelope(NucScene.text(order))) }
        #expect(try verdict(tokens) == nil)
        #expect(try verdict([tokens[0], tokens[2], tokens[1]]) == .unchainedProofs)
        #expect(try verdict([tokens[0], tokens[1], tokens[2], tokens[2]]) == .unchainedProofs)
        #expect(try verdict([tokens[0], tokens[1], tokens[1], tokens[2]]) == .unchainedProofs)
        #expect(try verdict([tokens[0], tokens[1], tokens[2], unrelated]) == .unchainedProofs)
        #expect(try verdict([tokens[0], unrelated, tokens[1], tokens[2]]) == .unchainedProofs)
        #expect(try verdict([tokens[0], tokens[0], tokens[1], tokens[2]]) == .unchainedProofs)
        #expect(try verdict([tokens[2], unrelated]) == .unchainedProofs)
        #expect(try verdict([tokens[0], tokens[1]]) == .missingProof)
        #expect(try verdict([tokens[0]]) == .missingProof)
        #expect(try verdict([tokens[0], tokens[1], tokens[2], unrelated, unrelated, unrelated]) == .chainTooLong)
    }

    @Test func `every token is below its parent`() throws {
        let root = try scene.root()
        func child(_ change: (inout NucMint.Wish) -> Void) throws -> NucFault? {
            scene.verdict(try scene.invocation(scene.owner, on: root, change))
        }
        #expect(try child { $0.command = .inference } == .commandNotAttenuated)
        #expect(try child { $0.command = .documents } == .commandNotAttenuated)
        #expect(try child { $0.command = .revoke } == nil)
        #expect(try child { $0.subject = scene.did(scene.other) } == .differentSubjects)
        #expect(try child { $0.audience = scene.did(scene.other) } == .invalidAudience)
        #expect(scene.verdict(try scene.invocation(scene.client, on: root)) == .issuerAudienceMismatch)
        let later = try scene.root { $0.notBefore = NucScene.now - 10 }
        #expect(scene.verdict(try scene.invocation(scene.owner, on: later) { $0.notBefore = NucScene.now - 10 }) == nil)
        let earlier = try scene.invocation(scene.owner, on: later) { $0.notBefore = NucScene.now - 11 }
        #expect(scene.verdict(earlier) == .notBeforeBackwards)
    }

    // SEC-210
    @Test func `every token is looked at by the clock, to the second`() throws {
        let root = try scene.root { $0.expires = NucScene.now + 100 }
        let call = try scene.invocation(scene.owner, on: root) { wish in
            wish.expires = NucScene.now + 200
            wish.notBefore = NucScene.now
        }
        #expect(scene.verdict(call, at: 99.9) == nil)
        #expect(scene.verdict(call, at: 100) == .tokenExpired)
        #expect(scene.verdict(call, at: -0.1) == .notBeforeNotMet)
        let zero = try scene.invocation(scene.owner, on: root) { $0.expires = 0 }
        #expect(scene.verdict(zero) == .tokenExpired)
    }

    @Test func `a delegation's policy holds for the invocation and for nothing else`() throws {
        func policy(_ text: String) throws -> [JSONValue] { try #require(JSONReader.read(Array(text.utf8)).array) }
        let rules = try policy(#"[["==",".args.model","m"],["anyOf","$.req.method",["POST"]]]"#)
        let root = try scene.root { $0.policy = rules }
        let good = JSONObject(members: [.init(name: "model", value: .string("m"))])
        let context = try #require(JSONReader.read(Array(#"{"req":{"method":"POST"}}"#.utf8)).object)
        let now = UnixTime(seconds: Double(NucScene.now))
        let call = try scene.invocation(scene.owner, on: root) { $0.arguments = good }
        #expect(try scene.validator.validate(call, now: now, context: context).tokens.count == 2)
        #expect(throws: NucFault.policyNotMet) { try scene.validator.validate(call, now: now) }
        let bare = try scene.invocation(scene.owner, on: root)
        #expect(throws: NucFault.policyNotMet) { try scene.validator.validate(bare, now: now, context: context) }
        var wide = scene.validator
        wide.requirement = .delegation(scene.did(scene.owner))
        #expect(scene.verdict(root, wide) == nil)
        let many = try scene.root { $0.policy = Array(repeating: rules[0], count: 11) }
        #expect(scene.verdict(many, wide) == .policyTooWide)
        let deep = try policy(#"[["not",["not",["not",["not",["not",["==",".a",1]]]]]]]"#)
        #expect(scene.verdict(try scene.root { $0.policy = deep }, wide) == .policyTooDeep)
    }

    @Test func `a lone token is its subject's own, unless somebody asks for others`() throws {
        var validator = NucValidator(roots: .init(issuers: nil), requirement: .invocation(scene.did(scene.service)))
        let foreign = try scene.invocation(scene.client, on: nil)
        #expect(scene.verdict(foreign, validator) == .subjectNotInChain)
        validator.allowsForeignSubject = true
        #expect(scene.verdict(foreign, validator) == nil)
        // A chain's is the subject's in any case.
        let root = try scene.delegation(scene.client, to: scene.client, on: nil)
        #expect(scene.verdict(try scene.invocation(scene.client, on: root), validator) == .subjectNotInChain)
    }

    @Test func `what is asked for is what is there`() throws {
        let root = try scene.root()
        #expect(scene.verdict(root) == .needInvocation)
        var validator = scene.validator
        validator.requirement = .delegation(scene.did(scene.owner))
        #expect(scene.verdict(try scene.invocation(scene.owner, on: root), validator) == .needDelegation)
        let upon = try scene.delegation(scene.owner, to: scene.service, on: scene.invocation(scene.owner, on: root))
        #expect(scene.verdict(upon) == .proofsMustBeDelegations)
    }

    @Test func `every signature is checked, and last`() throws {
        let root = try scene.root()
        let call = try scene.invocation(scene.owner, on: root)
        var text = NucScene.text(call.tokens)
        let dot = try #require(text.firstIndex(of: UInt8(ascii: "/")))
        text[dot - 10] = text[dot - 10] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(scene.verdict(try NucEnvelope(text)) == .invalidSignatures)
        #expect(scene.verdict(try NucEnvelope(text), at: 4000) == .tokenExpired)
        // A root that somebody else signed in the owner's name.
        let forged = Self.forged(root, by: scene.client)
        #expect(scene.verdict(try scene.invocation(scene.owner, on: NucEnvelope(forged))) == .invalidSignatures)
    }

    @Test func `tokens of both versions stand in one chain, each with its own names`() throws {
        var wish = NucMint.Wish(
            invocationFor: DID(scene.service.publicKey, method: .key),
            subject: DID(scene.owner.publicKey, method: .key),
            command: .generate
        )
        let mixed = NucMint(scene.owner, version: .version1).make(wish, on: try scene.root())
        #expect(scene.verdict(try NucEnvelope(mixed)) == nil)
        wish.expires = NucScene.now + 1
        let text = String(decoding: mixed, as: UTF8.self)
        #expect(text.hasPrefix(Base64URL.encode(NucHeader.text1) + "."))
    }

    /// The same token with another's signature.
    static func forged(_ envelope: NucEnvelope, by key: Secp256k1SecretKey) -> [UInt8] {
        let text = envelope.tokens[0].text
        let end = text.lastIndex(of: UInt8(ascii: ".")) ?? 0
        return text[...end] + Array(Base64URL.encode(key.sign(text[..<end])).utf8)
    }
}
