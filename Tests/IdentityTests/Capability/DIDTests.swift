import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct DIDTests {
    /// The generator of the curve, which is the key of the private key 1.
    static let key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

    @Test func `two spellings of one key are one identity`() throws {
        let byHex = try #require(DID("did:nil:" + Self.key))
        let upper = try #require(DID("did:nil:" + Self.key.uppercased()))
        let byMultibase = try #require(DID("did:key:zQ3shVc2UkAfJCdc1TR8E66J85h48P43r93q8jGPkPpjF9Ef9"))
        #expect(byHex == upper && byHex == byMultibase && Set([byHex, upper, byMultibase]).count == 1)
        #expect(upper.description == "did:nil:" + Self.key)
        #expect(byMultibase.description.hasPrefix("did:key:zQ3s") && byMultibase.canonical.description == "\(byHex)")
    }

    @Test func `an address has its checksum`() {
        #expect(DID("did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf") != nil)
        #expect(DID("did:ethr:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf") == nil)
        #expect(DID("did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395BDf") == nil)
        #expect(DID("did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")?.publicKey == nil)
    }

    @Test func `Keccak is that of Ethereum`() {
        let empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        #expect(Hex.encode(Keccak256.hash([])) == empty)
        let abc = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
        #expect(Hex.encode(Keccak256.hash(Array("abc".utf8))) == abc)
        // Lengths at the edge of a block differ from one another.
        #expect(Set((134...138).map { Keccak256.hash([UInt8](repeating: 1, count: $0)) }).count == 5)
    }

    @Test func `base58 keeps zeros in front`() {
        for bytes: [UInt8] in [[], [0], [0, 0, 1], [255], [1, 0], Array(0..<32)] {
            #expect(Base58.decode(Base58.encode(bytes).utf8) == bytes)
        }
        #expect(Base58.decode("0".utf8) == nil && Base58.decode("l".utf8) == nil)
        #expect(Base58.decode(String(repeating: "z", count: 129).utf8) == nil)
    }
}
