import Crypto
import OstiaryCore
import Stopwatch

@testable import OstiaryIdentity

/// What a request costs that brings a chain of capability tokens, step by step.
struct Capabilities {
    private let owner: Secp256k1SecretKey
    private let client: Secp256k1SecretKey
    private let gate: Secp256k1SecretKey
    private let delegation: NucEnvelope
    private let calls: [Credential]
    private let now = SystemClock().now

    init() throws {
        owner = try .make()
        client = try .make()
        gate = try .make()
        let account = DID(owner.publicKey)
        var root = NucMint.Wish(delegationTo: account, subject: account, command: .generate)
        root.expires = Int(now.seconds) + 3600
        let top = try NucEnvelope(NucMint(owner).make(root))
        var wish = NucMint.Wish(delegationTo: DID(client.publicKey), subject: account, command: .generate)
        wish.expires = Int(now.seconds) + 3600
        wish.meta = JSONObject(members: [.init(name: "usage_limit", value: .integer(1_000_000))])
        delegation = try NucEnvelope(NucMint(owner).make(wish, on: top))
        let invocation = NucMint.Wish(
            invocationFor: DID(gate.publicKey),
            subject: account,
            command: .generate
        )
        let mint = NucMint(client)
        let chain = delegation
        calls = (0..<2000).map { _ in
            Credential(place: .authorization, bytes: mint.make(invocation, on: chain))
        }
    }

    private func authenticator(isSingleUse: Bool = false) -> NucAuthenticator {
        var rules = NucAuthenticator.Rules()
        rules.accounts = [DID(owner.publicKey)]
        rules.isSingleUse = isSingleUse
        return NucAuthenticator(
            key: gate,
            rules: rules,
            revoked: RevokedTokens(),
            pseudonymKey: SymmetricKey(size: .bits256),
            clock: SystemClock()
        )
    }

    func measure() async throws {
        let digest = SHA256.digest(of: calls[0].bytes)
        let signature = client.sign(calls[0].bytes)
        await Stopwatch.print("secp256k1: a signature checked", runs: 2000) { _ in
            _ = client.publicKey.verifies(signature, of: digest)
        }
        await Stopwatch.print("secp256k1: a key read", runs: 2000) { _ in
            _ = Secp256k1PublicKey(client.publicKey.compressed)
        }
        let known = authenticator()
        await Stopwatch.print("a chain of three, proofs known", runs: 2000) {
            _ = try? known.known(calls[$0], now: now)
        }
        let proofs = KnownProofs()
        proofs.remember(delegation.tokens)
        await Stopwatch.print("  of that, reading the envelope", runs: 2000) {
            _ = try? NucEnvelope(calls[$0].bytes, known: proofs)
        }
        await Stopwatch.print("a chain of three, nothing known", runs: 200) {
            _ = try? authenticator().known(calls[$0], now: now)
        }
        let invocation = NucMint.Wish(
            invocationFor: DID(gate.publicKey),
            subject: DID(owner.publicKey),
            command: .generate
        )
        let mint = NucMint(client)
        await Stopwatch.print("making an invocation", runs: 2000) { _ in
            _ = mint.make(invocation, on: delegation)
        }
    }
}
