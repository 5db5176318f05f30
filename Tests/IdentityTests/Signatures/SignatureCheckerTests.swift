import Crypto
import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryIdentity

@Suite struct SignatureCheckerTests {
    let signer = Signer("es-1")
    let faults = Faults()
    let zero = MonotonicTime(nanoseconds: 0)

    final class Faults: Sendable {
        private let seen = Mutex<[FastCheckFault]>([])
        func add(_ fault: FastCheckFault) { seen.withLock { $0.append(fault) } }
        var all: [FastCheckFault] { seen.withLock { $0 } }
    }

    /// Makes tables at once; what the fast check says can be turned round.
    func checker(
        _ check: SignatureCheck = .fast,
        fastVerdict: @escaping @Sendable (FixedKey, ES256Signature) -> Bool = { $1.isGenuine(by: $0) }
    ) -> SignatureChecker {
        let faults = self.faults
        return SignatureChecker(check, elsewhere: { $0() }, tell: { faults.add($0) }, fastVerdict: fastVerdict)
    }

    func key(_ signer: Signer? = nil) throws -> VerificationKey {
        try JWK.read(JSONReader.read(Array((signer ?? self.signer).jwk().utf8)), allowing: [.es256, .edDSA])
    }

    func token(_ signer: Signer? = nil, _ number: Int = 0) throws -> JWS {
        try JWS(compact: Array((signer ?? self.signer).token(payload: #"{"n":\#(number)}"#).utf8))
    }

    func figure(_ checker: SignatureChecker, _ name: String, _ label: String? = nil) -> Double? {
        checker.instruments.value("gw_signature_" + name, label)
    }

    /// Puts `count` good tokens to the checker, a hundredth of a second apart; how many were accepted.
    func accepted(_ checker: SignatureChecker, _ count: Int, from second: Double = 0) throws -> Int {
        let key = try key()
        return try (0..<count).count { number in
            let moment = zero.advanced(bySeconds: second + Double(number) / 100)
            return try checker.isSigned(token(nil, number), by: key, with: .es256, at: moment)
        }
    }

    @Test func goesOverToTablesAndIsWatched() throws {
        let checker = checker()
        let key = try key()
        #expect(try accepted(checker, 32) == 32)
        #expect(figure(checker, "tables") == 1)
        #expect(figure(checker, "checks_total", "library") == 32)
        #expect(figure(checker, "checks_total", "tables") == 0)
        #expect(try accepted(checker, 40, from: 1) == 40)
        let thief = Signer("es-1")
        for number in 0..<40 {
            let moment = zero.advanced(bySeconds: 2 + Double(number) / 100)
            #expect(try !checker.isSigned(token(thief, number), by: key, with: .es256, at: moment))
        }
        #expect(figure(checker, "checks_total", "tables") == 80)
        #expect(figure(checker, "second_opinions_total", "agreed") == 80)
        #expect(figure(checker, "second_opinions_total", "disagreed") == 0)
        #expect(figure(checker, "fast") == 1)
        #expect(faults.all.isEmpty)
    }

    @Test func inAFloodTheTablesDecideAlone() throws {
        let checker = checker()
        #expect(try accepted(checker, 32) == 32)
        let key = try key()
        let one = try token()
        for _ in 0..<400 { #expect(checker.isSigned(one, by: key, with: .es256, at: zero)) }
        let opinions = figure(checker, "second_opinions_total", "agreed") ?? 0
        #expect((100...140).contains(opinions))
        #expect(figure(checker, "checks_total", "tables") == 400)
    }

    @Test func theLibrarysWordHoldsWhereTheTwoDiffer() throws {
        // Whatever is said of it, the other way round.
        for (verdict, fault) in [(true, FastCheckFault.accepted), (false, .refused)] {
            let checker = checker { _, _ in verdict }
            let key = try key()
            #expect(try accepted(checker, 32) == 32)
            let thief = try token(Signer("es-1"))
            let good = try token()
            #expect(checker.isSigned(good, by: key, with: .es256, at: zero))
            #expect(!checker.isSigned(thief, by: key, with: .es256, at: zero))
            #expect(faults.all.last == fault)
            #expect(figure(checker, "second_opinions_total", "disagreed") == 1)
            #expect(figure(checker, "fast") == 0)
            #expect(figure(checker, "tables") == 0)
            // And from now on it is the library's alone.
            let before = figure(checker, "checks_total", "tables")
            #expect(try accepted(checker, 100, from: 10) == 100)
            #expect(!checker.isSigned(thief, by: key, with: .es256, at: zero))
            #expect(figure(checker, "checks_total", "tables") == before)
            #expect(figure(checker, "tables") == 0)
        }
        #expect(faults.all == [.accepted, .refused])
    }

    @Test func aReloadKeepsTablesAndCountsAndWhatWentWrong() throws {
        let first = checker()
        #expect(try accepted(first, 40) == 40)
        let second = SignatureChecker(.fast, keeping: first, elsewhere: { $0() })
        #expect(figure(second, "tables") == 1)
        #expect(try accepted(second, 1, from: 1) == 1)
        #expect(figure(second, "checks_total", "tables") == 9)
        #expect(figure(SignatureChecker(.library, keeping: first), "fast") == 0)

        let wrong = SignatureChecker(.fast, keeping: second, elsewhere: { $0() }, fastVerdict: { _, _ in false })
        #expect(try accepted(wrong, 1, from: 2) == 1)
        #expect(figure(wrong, "fast") == 0)
        let third = SignatureChecker(.fast, keeping: wrong, elsewhere: { $0() })
        #expect(figure(third, "fast") == 0)
        #expect(try accepted(third, 100, from: 3) == 100)
        #expect(figure(third, "tables") == 0)
        #expect(figure(third, "second_opinions_total", "disagreed") == 1)
    }

    @Test func theConfigurationCanLeaveItToTheLibrary() throws {
        let checker = checker(.library)
        #expect(try accepted(checker, 100) == 100)
        #expect(figure(checker, "checks_total", "library") == 100)
        #expect(figure(checker, "checks_total", "tables") == 0)
        #expect(figure(checker, "tables") == 0)
        #expect(figure(checker, "fast") == 0)
    }

    @Test func otherAlgorithmsAreTheLibrarys() throws {
        let other = Signer("ed-1", .ed25519(Curve25519.Signing.PrivateKey()))
        let checker = checker()
        let key = try key(other)
        for number in 0..<50 {
            #expect(try checker.isSigned(token(other, number), by: key, with: .edDSA, at: zero))
        }
        #expect(figure(checker, "checks_total", "library") == 50)
        #expect(figure(checker, "tables") == 0)
        // No key is used with an algorithm that is not its own.
        #expect(try !checker.isSigned(token(), by: key, with: .es256, at: zero))
        #expect(try !checker.isSigned(token(other), by: self.key(), with: .edDSA, at: zero))
    }

    // SEC-202
    @Test func onlySignaturesOf64BytesAreLookedAt() throws {
        let checker = checker()
        #expect(try accepted(checker, 40) == 40)
        let key = try key()
        let parts = try signer.token(payload: "{}").split(separator: ".").map(String.init)
        let signature = try #require(Base64URL.decode(parts[2]))
        let der = Array(try P256.Signing.ECDSASignature(rawRepresentation: signature).derRepresentation)
        let others: [[UInt8]] = [
            [], Array(signature.dropLast()), signature + [0], Array(signature.prefix(32)), der,
            Array(repeating: 0, count: 64), Array(repeating: 0xff, count: 64),
        ]
        for other in others {
            let token = try JWS(compact: Array("\(parts[0]).\(parts[1]).\(Base64URL.encode(other))".utf8))
            #expect(!checker.isSigned(token, by: key, with: .es256, at: zero))
        }
    }

    // A verifier with the same keys goes on where it was when its key set is read anew.
    @Test func aTableOutlivesARefreshOfTheKeySet() async throws {
        let scene = try Scene(signer: signer)
        for _ in 0..<TableShelf.checks { #expect(await scene.fault(try scene.good()) == nil) }
        #expect(await eventually { scene.figure("gw_signature_tables") == 1 })
        let next = Signer("es-2")
        scene.clock.advance(600)
        scene.server.now(.document(document(signer.jwk(), next.jwk())))
        #expect(await scene.verifier.prime())
        #expect(await scene.fault(try scene.good()) == nil)
        #expect(scene.figure("gw_signature_checks_total", "tables") == 1)
    }
}
