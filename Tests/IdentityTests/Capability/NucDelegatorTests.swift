import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct NucDelegatorTests {
    let scene: NucScene
    let clock = ManualClock(now: Double(NucScene.now))

    init() throws { scene = try NucScene() }

    func delegator(
        _ key: Secp256k1SecretKey? = nil,
        mode: NucDelegator.Mode = .owner,
        uses: Int = 1
    ) -> NucDelegator {
        var terms = NucDelegator.Terms()
        terms.uses = uses
        return NucDelegator(key: key ?? scene.owner, mode: mode, terms: terms, clock: clock)
    }

    @Test func `a client can use what it gets, for a minute`() throws {
        let made = try NucEnvelope(delegator().make(for: scene.did(scene.client)))
        let call = try scene.invocation(scene.client, on: made)
        #expect(scene.verdict(call) == nil)
        #expect(scene.verdict(call, at: 60) == .tokenExpired)
        #expect(made.tokens[0].payload.meta?["usage_limit"]?.number?.int == 1)
    }

    @Test func `one root serves all until four fifths of its life`() throws {
        let delegator = delegator()
        func root() throws -> NucHash? {
            try NucEnvelope(delegator.make(for: scene.did(scene.client))).tokens.last?.hash
        }
        let first = try root()
        clock.advance(2879)
        #expect(try root() == first)
        clock.advance(1)
        #expect(try root() != first)
    }

    @Test func `what was handed in is handed on, while it lasts and not beyond its limit`() throws {
        let delegator = delegator(scene.client, mode: .issuer, uses: 5)
        #expect(throws: NucDelegator.Fault.nothingToHandOn) { try delegator.make(for: scene.did(scene.other)) }
        func handed(_ uses: Int?, to key: Secp256k1SecretKey) throws -> NucEnvelope {
            try scene.delegation(scene.owner, to: key, on: scene.root()) { wish in
                guard let uses else { return }
                wish.meta = JSONObject(members: [.init(name: "usage_limit", value: .integer(uses))])
            }
        }
        #expect(throws: NucDelegator.Fault.notOurs) { try delegator.update(handed(nil, to: scene.other)) }
        #expect(throws: NucDelegator.Fault.notOurs) {
            try delegator.update(scene.invocation(scene.client, on: handed(nil, to: scene.client)))
        }
        try delegator.update(handed(4, to: scene.client))
        #expect(throws: NucDelegator.Fault.tooMuch) { try delegator.make(for: scene.did(scene.other)) }
        try delegator.update(handed(5, to: scene.client))
        let made = try NucEnvelope(delegator.make(for: scene.did(scene.other)))
        #expect(made.tokens.count == 3)
        let call = try scene.invocation(scene.other, on: made)
        #expect(scene.verdict(call) == nil)
        clock.advance(3600)
        #expect(throws: NucDelegator.Fault.nothingToHandOn) { try delegator.make(for: scene.did(scene.other)) }
        #expect(throws: NucDelegator.Fault.notOurs) { try self.delegator().update(handed(5, to: scene.owner)) }
    }
}

extension NucVectorTests {
    @Test func `the delegation server makes what nilai-py's makes, to the byte`() throws {
        var count = 0
        for test in try Self.cases("delegation.json") where test["mode"]?.string == "SUBSCRIPTION_OWNER" {
            let config = try #require(test["config"]?.object)
            var terms = NucDelegator.Terms()
            terms.lifetime = config["expiration_time"]?.number?.int ?? 0
            terms.uses = config["token_max_uses"]?.number?.int ?? 0
            if let prompt = config["prompt_document"]?.object {
                terms.prompt = .init(document: prompt["doc_id"]?.string ?? "", owner: prompt["owner_did"]?.string ?? "")
            }
            let now = try #require(test["now_unix"]?.number?.int)
            let delegator = NucDelegator(
                key: try Self.key(test["server_private_key_hex"]),
                terms: terms,
                clock: ManualClock(now: Double(now))
            )
            let nonces = test["nonces_in_order_of_use_hex"]?.array?.compactMap {
                $0.string.flatMap { Hex.decode($0.utf8) }
            }
            let key = try #require(test["request_json"]?.object?["public_key"]?.string)
            let made = try delegator.make(
                for: #require(DID("did:nil:" + key)),
                nonces: (#require(nonces?[0]), #require(nonces?[1]))
            )
            let expected = test["response_json"]?.object?["delegation_token"]?.string
            #expect(String(decoding: made, as: UTF8.self) == expected, "\(test["name"]?.string ?? "")")
            count += 1
        }
        #expect(count == 4)
    }
}
