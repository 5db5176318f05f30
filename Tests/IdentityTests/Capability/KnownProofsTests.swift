import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite(.enabled(if: Secp256k1.isAvailable, "libsecp256k1 is not installed"))
struct KnownProofsTests {
    let scene: NucScene

    init() throws { scene = try NucScene() }

    @Test func `what is remembered is found by all its bytes and never read again`() throws {
        let known = KnownProofs(capacity: 8)
        let root = try scene.root()
        known.remember(root.tokens)
        let text = NucScene.text(try scene.invocation(scene.owner, on: root).tokens)
        let envelope = try NucEnvelope(text, known: known)
        #expect(envelope.areKnown == [false, true] && envelope.tokens[1] === root.tokens[0])
        // One byte of the proof's signature.
        var other = text
        other[other.count - 10] ^= 1
        #expect(try NucEnvelope(other, known: known).areKnown == [false, false])
    }

    @Test func `the leaf is looked at in any case`() throws {
        let known = KnownProofs()
        let call = try scene.invocation(scene.owner, on: scene.root())
        known.remember(call.tokens)
        #expect(try NucEnvelope(NucScene.text(call.tokens), known: known).areKnown == [false, true])
    }

    // SEC-203
    @Test func `there is a bound, and what is used stays longest`() throws {
        let known = KnownProofs(capacity: 8)
        let used = try #require(try scene.root(nonce: 0).tokens.first)
        known.remember([used])
        for nonce in 1...100 {
            known.remember(try scene.root(nonce: UInt8(nonce)).tokens)
            #expect(known.find(used.hash) != nil)
            #expect(known.count <= 8)
        }
        #expect(known.find(try #require(try scene.root(nonce: 1).tokens.first).hash) == nil)
    }
}
