import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySealed

/// Wycheproof's X25519 cases through our own points.
@Suite(.enabled(if: Vectors.has("wycheproof"), "\(Vectors.comment("wycheproof"))"))
struct X25519VectorTests {
    struct File: Decodable {
        let testGroups: [Group]
    }

    struct Group: Decodable {
        let tests: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let tcId: Int
        let comment: String
        let `public`: String
        let `private`: String
        let shared: String
        let result: String

        var testDescription: String { "\(tcId) \(comment)" }
    }

    static let cases = Vectors.files("wycheproof") { $0 == "x25519_test.json" }.flatMap { file in
        ((try? Vectors.decode(File.self, "wycheproof", file))?.testGroups ?? []).flatMap(\.tests)
    }

    @Test func `there are cases`() { #expect(!Self.cases.isEmpty) }

    @Test(arguments: cases)
    func `secrets agree, and points that agree on nothing are refused`(test: Case) throws {
        let bytes = try #require(Hex.decode(test.public.utf8))
        let secret = try #require(Hex.decode(test.private.utf8))
        let key = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret)
        let agreed = PublicPoint(bytes)?.agreement(with: key)?.withUnsafeBytes { Hex.encode($0) }
        if test.shared.allSatisfy({ $0 == "0" }) {
            #expect(agreed == nil)
        } else {
            #expect(agreed == test.shared)
        }
    }
}
