import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-203: what a policy or a key vouched for ends with it, at once.
@Suite struct RevokingTests {
    @Test func aChangedPolicyDecidesAboutKnownTokensToo() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            #expect(try await rig.chat(token: token).status == 200)
            #expect(try await rig.chat(token: token).status == 200)
            await rig.reload { $0.identity.jwt[0].audiences = ["elsewhere"] }
            #expect(try await rig.chat(token: token).status == 401)
            await rig.reload { $0.identity.jwt[0].audiences = ["gate"] }
            #expect(try await rig.chat(token: token).status == 200)
            await rig.reload { $0.identity.jwt[0].maxLifetime = 60 }
            #expect(try await rig.chat(token: token).status == 401)
        }
    }

    @Test func aChangedScopeDecidesAboutKnownTokensToo() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            #expect(try await rig.chat(token: token).status == 200)
            await rig.reload { $0.identity.jwt[0].scopes[.chat] = ["inference", "more"] }
            #expect(try await rig.chat(token: token).status == 403)
        }
    }

    @Test func aRemovedIssuersTokensEnd() async throws {
        let second = TestIssuer("https://second.example")
        let keys = try KeySetHost(.document(TestIssuer.keySet(second)))
        let change: (inout Configuration) -> Void = { configuration in
            var issuer = configuration.identity.jwt[0]
            issuer.issuer = second.issuer
            issuer.jwks = .url(keys.url)
            configuration.identity.jwt.append(issuer)
        }
        try await GateRig.run(change) { rig async throws in
            let (token, other) = (rig.token(), second.token(now: rig.clock.now))
            #expect(try await rig.chat(token: token).status == 200)
            #expect(try await rig.chat(token: other).status == 200)
            await rig.reload { $0.identity.jwt.removeLast() }
            #expect(try await rig.chat(token: token).status == 200)
            #expect(try await rig.chat(token: other).status == 401)
            #expect(rig.keys.fetches == 1)
        }
        keys.stop()
    }

    @Test func aKeyThatWasTakenOutOfAFileEnds() async throws {
        let path = NSTemporaryDirectory() + "keys-\(UInt32.random(in: 0 ... .max)).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (one, two) = (TestIssuer(name: "key-1"), TestIssuer(name: "key-2"))
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        try write(TestIssuer.keySet(one, two))
        try await GateRig.run({ $0.identity.jwt[0].jwks = .file(path) }) { rig async throws in
            let (first, second) = (one.token(now: rig.clock.now), two.token(now: rig.clock.now))
            #expect(try await rig.chat(token: first).status == 200)
            #expect(try await rig.chat(token: second).status == 200)
            try write(TestIssuer.keySet(two))
            #expect(try await rig.chat(token: first).status == 200)
            await rig.reload()
            #expect(try await rig.chat(token: first).status == 401)
            #expect(try await rig.chat(token: second).status == 200)
            // A file that is no key set any more takes nothing away, and is told of.
            try write("{")
            let report = await rig.reload()
            #expect(report.outcome == .applied)
            #expect(report.warnings.count == 1)
            #expect(try await rig.chat(token: second).status == 200)
        }
    }

    @Test func aKeyThatItsIssuerTookBackEndsWhenKeysAreReadToo() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            #expect(try await rig.chat(token: token).status == 200)
            rig.keys.now(.document(TestIssuer.keySet(TestIssuer(name: "key-2"))))
            await rig.reload()
            #expect(try await rig.chat(token: token).status == 200)
            var order = ReloadOrder()
            order.readsKeys = true
            await rig.reload(order)
            #expect(try await rig.chat(token: token).status == 401)
        }
    }

    @Test func anotherPseudonymKeyMakesOtherPseudonyms() async throws {
        let path = NSTemporaryDirectory() + "hash-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func write(_ digit: String) throws {
            try String(repeating: digit, count: 64).write(toFile: path, atomically: true, encoding: .utf8)
        }
        try write("1")
        try await GateRig.run({ $0.identity.hashKey = .file(path) }) { rig async throws in
            let token = rig.token()
            let first = try await rig.entry(of: rig.chat(token: token)).user
            await rig.reload()
            #expect(try await rig.entry(of: rig.chat(token: token)).user == first)
            try write("2")
            await rig.reload()
            #expect(try await rig.entry(of: rig.chat(token: token)).user != first)
        }
    }
}
