import Crypto
import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryIdentity

@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct NucAuthenticatorTests {
    let scene: NucScene
    let now = UnixTime(seconds: Double(NucScene.now))

    init() throws { scene = try NucScene() }

    func authenticator(
        _ change: (inout NucAuthenticator.Rules) -> Void = { _ in },
        revoked: RevokedTokens = RevokedTokens(),
        keeping former: NucAuthenticator? = nil
    ) -> NucAuthenticator {
        var rules = NucAuthenticator.Rules()
        rules.accounts = [scene.did(scene.owner)]
        change(&rules)
        return NucAuthenticator(
            key: scene.service,
            rules: rules,
            revoked: revoked,
            pseudonymKey: SymmetricKey(data: [UInt8](repeating: 1, count: 32)),
            clock: ManualClock(),
            keeping: former
        )
    }

    func credential(_ envelope: NucEnvelope) -> Credential {
        Credential(place: .authorization, bytes: NucScene.text(envelope.tokens))
    }

    func cause(_ authenticator: NucAuthenticator, _ envelope: NucEnvelope) -> String? {
        cause(authenticator, credential(envelope))
    }

    func cause(_ authenticator: NucAuthenticator, _ credential: Credential) -> String? {
        do throws(GateError) {
            _ = try authenticator.known(credential, now: now)
            return nil
        } catch {
            #expect(error.code != .invalidNuc || error.status == 401)
            return error.programCode
        }
    }

    @Test func `the caller is the account that the chain begins with`() throws {
        let delegation = try scene.delegation(scene.owner, to: scene.client, on: scene.root())
        let call = try scene.invocation(scene.client, on: delegation)
        let identity = try authenticator().known(credential(call), now: now)
        #expect(identity.subject == "\(scene.did(scene.owner))" && identity.issuer == "nuc")
        #expect(identity.means == .capability && identity.expires.seconds == Double(NucScene.now + 3600))
    }

    // SEC-211
    @Test func `an account in its other spelling has the same name and the same limits`() throws {
        let issued = try scene.delegation(scene.other, to: scene.client, on: nil) { wish in
            wish.subject = DID(scene.client.publicKey, method: .key)
            wish.audience = wish.subject
        }
        let invocation = try scene.invocation(scene.client, on: issued) { $0.subject = scene.did(scene.client) }
        let trusting = authenticator { $0.trusted = [scene.did(scene.other)] }
        let subject = try trusting.known(credential(invocation), now: now)
        #expect(subject.subject == "\(scene.did(scene.client))")
        let plain = try scene.delegation(scene.other, to: scene.client, on: nil) {
            $0.subject = scene.did(scene.client)
        }
        let call = try scene.invocation(scene.client, on: plain) { $0.subject = scene.did(scene.client) }
        #expect(try trusting.known(credential(call), now: now).pseudonym == subject.pseudonym)
    }

    @Test func `nobody enters by a chain that is not for inference here`() throws {
        let root = try scene.root { $0.command = .documents }
        let call = try scene.invocation(scene.owner, on: root) { $0.command = .documents }
        #expect(cause(authenticator(), call) == "nuc_command_not_attenuated")
        let wide = try scene.root { $0.command = NucCommand("/nil") ?? .generate }
        let above = try scene.invocation(scene.owner, on: wide) { $0.command = NucCommand("/nil") ?? .generate }
        #expect(cause(authenticator(), above) == "nuc_command_not_attenuated")
        #expect(cause(authenticator(), try scene.invocation(scene.owner, on: wide) { $0.command = .inference }) == nil)
        let revoking = try scene.invocation(scene.owner, on: scene.root()) { $0.command = .revoke }
        #expect(cause(authenticator(), revoking) == "nuc_command_not_attenuated")
        let others = try scene.invocation(scene.owner, on: scene.root()) { $0.audience = scene.did(scene.other) }
        #expect(cause(authenticator(), others) == "nuc_invalid_audience")
        #expect(cause(authenticator(), try scene.root()) == "nuc_need_invocation")
    }

    // SEC-207
    @Test func `what was revoked is dead at once, wherever it stands in the chain`() throws {
        let root = try scene.root()
        let delegation = try scene.delegation(scene.owner, to: scene.client, on: root)
        let call = try scene.invocation(scene.client, on: delegation)
        for token in call.tokens {
            let revoked = RevokedTokens()
            let authenticator = authenticator(revoked: revoked)
            // Known from now on, and no less dead.
            #expect(cause(authenticator, call) == nil)
            var document = RevocationDocument()
            let record = RevocationDocument.Record(hash: token.hash, revoked: NucScene.now, ends: NucScene.now + 10)
            #expect(try document.add(record, now: now))
            revoked.replace(with: document)
            #expect(cause(authenticator, call) == "nuc_token_revoked")
        }
    }

    // SEC-205
    @Test func `where each is good once, one of 64 tasks gets through`() async throws {
        let authenticator = authenticator { $0.isSingleUse = true }
        let call = credential(try scene.invocation(scene.owner, on: scene.root()))
        let (passed, refused) = (Counter(), Counter())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    switch cause(authenticator, call) {
                    case nil: passed.increment()
                    case "nuc_token_replayed": refused.increment()
                    default: break
                    }
                }
            }
        }
        #expect(passed.current == 1 && refused.current == 63)
        // And not after a reload either.
        let next = self.authenticator({ $0.isSingleUse = true }, keeping: authenticator)
        #expect(cause(next, call) == "nuc_token_replayed")
        #expect(cause(next, try scene.invocation(scene.owner, on: scene.root(), nonce: 77)) == nil)
        // Without the rule it may be sent again.
        let lax = self.authenticator()
        #expect(cause(lax, call) == nil && cause(lax, call) == nil)
    }

    @Test func `leaves are forgotten when their chain is over, and not before`() throws {
        let spent = SpentLeaves(capacity: 2)
        let hashes = try (0..<4).map { try #require(try scene.root(nonce: UInt8($0)).tokens.first).hash }
        #expect(spent.enter(hashes[0], ends: NucScene.now + 60, now: now) == .fresh)
        #expect(spent.enter(hashes[1], ends: NucScene.now + 600, now: now) == .fresh)
        #expect(spent.enter(hashes[2], ends: NucScene.now + 60, now: now) == .full)
        #expect(spent.enter(hashes[0], ends: NucScene.now + 60, now: now) == .spent)
        #expect(spent.enter(hashes[2], ends: NucScene.now + 600, now: now + 180) == .fresh)
        #expect(spent.enter(hashes[1], ends: NucScene.now + 600, now: now + 180) == .spent)
        #expect(spent.count == 2)
        #expect(spent.enter(hashes[3], ends: .max, now: now + 180) == .full)
    }

    @Test func `limits are those of the proofs, and never wider than above`() throws {
        func limit(_ value: JSONValue) -> (inout NucMint.Wish) -> Void {
            { $0.meta = JSONObject(members: [.init(name: "usage_limit", value: value)]) }
        }
        let root = try scene.root(limit(.integer(10)))
        func call(_ value: JSONValue, on root: NucEnvelope) throws -> NucEnvelope {
            let delegation = try scene.delegation(scene.owner, to: scene.client, on: root, limit(value))
            return try scene.invocation(scene.client, on: delegation, limit(.integer(99)))
        }
        let identity = try authenticator().known(credential(call(.integer(10), on: root)), now: now)
        #expect(identity.usageLimits.map(\.most) == [10, 10])
        #expect(identity.usageLimits.map(\.ends.seconds) == [Double(NucScene.now + 3600), Double(NucScene.now + 3600)])
        #expect(cause(authenticator(), try call(.integer(11), on: root)) == "nuc_usage_limit_widened")
        #expect(cause(authenticator(), try call(.integer(0), on: root)) == "nuc_usage_limit_widened")
        #expect(cause(authenticator(), try call(.null, on: root)) == nil)
        for value in [JSONValue.bool(true), .string("1"), .integer(-1), .number(JSONNumber(text: "1.0"))] {
            #expect(cause(authenticator(), try call(value, on: root)) == "nuc_usage_limit_invalid", "\(value)")
        }
        let endless = try scene.root { wish in
            limit(.integer(1))(&wish)
            wish.expires = nil
        }
        #expect(cause(authenticator(), try call(.null, on: endless)) == "nuc_usage_limit_invalid")
    }

    // SEC-404
    @Test func `a private key sent as a token is refused, explained and not repeated`() throws {
        let digits = String(repeating: "a1B2", count: 16)
        let key = Credential(place: .authorization, bytes: Array(digits.utf8))
        #expect(authenticator().concerns(key.bytes))
        let error = #expect(throws: GateError.self) { try authenticator().known(key, now: now) }
        #expect(error?.programCode == "nuc_private_key" && error?.forbidsRetry == true)
        #expect(error?.message.contains("openai<2.34") == true && error?.message.contains("a1B2") == false)
        let placeholder = Credential(place: .authorization, bytes: Array("<placeholder>".utf8))
        #expect(cause(authenticator(), placeholder) == "nuc_placeholder")
        #expect(!authenticator().concerns(Array("sk-abc".utf8)))
        #expect(!authenticator().concerns(Array(digits.utf8.dropLast())))
    }

    @Test func `without the library the error names the package`() throws {
        let authenticator = NucAuthenticator(
            key: nil,
            rules: NucAuthenticator.Rules(),
            revoked: RevokedTokens(),
            pseudonymKey: SymmetricKey(size: .bits256),
            clock: ManualClock()
        )
        let call = credential(try scene.invocation(scene.owner, on: scene.root()))
        let error = #expect(throws: GateError.self) { try authenticator.known(call, now: now) }
        #expect(error?.status == 503 && error?.message.contains("libsecp256k1-1") == true)
    }

    @Test func `reasons are counted, each by itself`() throws {
        let authenticator = authenticator()
        _ = cause(authenticator, try scene.invocation(scene.owner, on: scene.root()))
        _ = cause(authenticator, try scene.root())
        func count(_ result: String) -> Double? {
            authenticator.instruments.first { $0.labels.contains { $0.value == result } }?.read()
        }
        #expect(count("accepted") == 1 && count("nuc_need_invocation") == 1 && count("nuc_malformed") == 0)
        // No two faults share a line.
        #expect(Set(NucFault.allCases.map { "\($0.code)" }).count == NucFault.allCases.count)
    }
}

@Suite struct RevocationDocumentTests {
    @Test func `a list is read as it was written, and damaged ones are not`() throws {
        let hash = try #require(NucHash(String(repeating: "ab", count: 32)))
        var document = RevocationDocument()
        #expect(try document.add(.init(hash: hash, revoked: 5, ends: 100), now: UnixTime(seconds: 10)))
        #expect(try !document.add(.init(hash: hash, revoked: 6, ends: 100), now: UnixTime(seconds: 11)))
        #expect(try RevocationDocument(reading: document.bytes).records == document.records)
        for text in [
            "", "{}", #"{"format":"ostiary-revoked-tokens"}"#, #"{"format":"x","revoked":[]}"#,
            #"{"format":"ostiary-revoked-tokens","revoked":[{}]}"#,
        ] {
            #expect(throws: RevocationDocument.Fault.damaged) { try RevocationDocument(reading: Array(text.utf8)) }
        }
        // What has expired goes when something else comes.
        let other = try #require(NucHash(String(repeating: "cd", count: 32)))
        #expect(try document.add(.init(hash: other, revoked: 101, ends: 200), now: UnixTime(seconds: 100)))
        #expect(document.records.map(\.hash) == [other])
    }
}
