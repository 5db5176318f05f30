import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// What a reload leaves as it is: what callers have used, who they are, the keys of their issuers, the connections to
/// providers.
@Suite struct KeepingTests {
    @Test func nobodysBucketIsFilled() async throws {
        try await GateRig.run({ configuration in
            configuration.limits.requestsPerMinute = 60
            configuration.limits.burst = 3
        }) { rig async throws in
            for _ in 0..<3 { #expect(try await rig.chat().status == 200) }
            #expect(try await rig.chat().status == 429)
            await rig.reload()
            #expect(try await rig.chat().status == 429)
            await rig.reload { $0.limits.burst = 100 }
            #expect(try await rig.chat().status == 429)
            // A new verifier gives the same pseudonyms although their key is random.
            await rig.reload { $0.identity.jwt[0].leeway = 10 }
            #expect(try await rig.chat().status == 429)
            await rig.reload { $0.limits.requestsPerMinute = 600 }
            rig.clock.advance(1)
            for _ in 0..<10 { #expect(try await rig.chat().status == 200) }
            #expect(try await rig.chat().status == 429)
            #expect(try await rig.metric(#"gw_ratelimit_total{limit="rate",result="allowed"}"#) == 13)
        }
    }

    @Test func whatIsInFlightCountsAgainstTheNewBound() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest())
            let provider = try await rig.upstream.handed()
            await rig.reload { $0.limits.concurrent = 1 }
            #expect(try await rig.chat().status == 429)
            provider.send(RecordingUpstream.answer("{}"))
            #expect(try await line.answer().status == 200)
            let next = try rig.client()
            next.send(rig.chatRequest())
            try await provider.receive(until: "hello")
            provider.send(RecordingUpstream.answer("{}"))
            #expect(try await next.answer().status == 200)
            line.leave()
            next.leave()
            try await rig.expectBalanced()
        }
    }

    @Test func failedAuthenticationsStayCounted() async throws {
        try await GateRig.run({ $0.limits.failuresPerMinute = 2 }) { rig async throws in
            for number in 0..<2 { #expect(try await rig.chat(token: "x\(number)").status == 401) }
            #expect(try await rig.chat(token: "x").status == 429)
            await rig.reload { $0.limits.failuresPerMinute = 60 }
            #expect(try await rig.chat(token: "x").status == 429)
            rig.clock.advance(1)
            #expect(try await rig.chat(token: "x").status == 401)
        }
    }

    @Test func keysOfUnchangedIssuersAreNotFetchedAgain() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat().status == 200)
            for number in 0..<20 {
                await rig.reload { $0.identity.jwt[0].leeway = Double(number) }
                #expect(try await rig.chat().status == 200)
            }
            #expect(rig.keys.fetches == 1)
            // An issuer that is down meanwhile is no reason for a gap.
            rig.keys.now(.raw("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"))
            await rig.reload { $0.identity.jwt[0].audiences = ["gate", "other"] }
            #expect(try await rig.chat().status == 200)
            var order = ReloadOrder()
            order.readsKeys = true
            let report = await rig.reload(order)
            #expect(report.outcome == .applied)
            #expect(report.warnings.count == 1)
            #expect(try await rig.chat().status == 200)
            #expect(rig.keys.fetches == 2)
        }
    }

    @Test func aNewIssuersKeysAreThereBeforeItsCallers() async throws {
        let second = TestIssuer("https://second.example")
        let keys = try KeySetHost(.document(TestIssuer.keySet(second)))
        try await GateRig.run { rig async throws in
            let report = await rig.reload { configuration in
                var issuer = configuration.identity.jwt[0]
                issuer.issuer = second.issuer
                issuer.jwks = .url(keys.url)
                configuration.identity.jwt.append(issuer)
            }
            #expect(report.outcome == .applied)
            #expect(report.warnings == [])
            #expect(keys.fetches == 1)
            #expect(try await rig.chat(token: second.token(now: rig.clock.now)).status == 200)
            #expect(try await rig.chat().status == 200)
            #expect((keys.fetches, rig.keys.fetches) == (1, 1))
        }
        keys.stop()
    }

    @Test func aNewIssuerThatIsDownHoldsNobodyUp() async throws {
        let second = TestIssuer("https://second.example")
        let keys = try KeySetHost(.document(TestIssuer.keySet(second)), isUp: false)
        try await GateRig.run { rig async throws in
            let report = await rig.reload { configuration in
                var issuer = configuration.identity.jwt[0]
                issuer.issuer = second.issuer
                issuer.jwks = .url(keys.url)
                configuration.identity.jwt.append(issuer)
            }
            #expect(report.outcome == .applied)
            #expect(report.warnings.first?.contains("https://second.example") == true)
            #expect(try await rig.chat().status == 200)
            #expect(try await rig.chat(token: second.token(now: rig.clock.now)).status == 503)
            keys.start()
            rig.clock.advance(2)
            #expect(try await rig.chat(token: second.token(now: rig.clock.now)).status == 200)
        }
        keys.stop()
    }

    @Test func connectionsToUnchangedProvidersAreKept() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat().status == 200)
            await rig.reload { configuration in
                configuration.models = [GateRig.model("*", "main")]
                configuration.limits.concurrent = 5
            }
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.connections.count == 1)
        }
    }

    // SEC-509
    @Test func anotherKeyTakesAnotherConnectionAndTheOldOnesClose() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat().status == 200)
            await rig.reload { $0.providers[0].key = .environment("OTHER_KEY") }
            try await rig.upstream.left(0)
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.connections.count == 2)
            #expect(String(decoding: rig.upstream.connections[0], as: UTF8.self).contains(GateRig.providerKey))
            let second = String(decoding: rig.upstream.connections[1], as: UTF8.self)
            #expect(second.contains(GateRig.otherKey) && !second.contains(GateRig.providerKey))
            // The gate has its variables as secrets by now, and still knows both.
            await rig.reload { $0.providers[0].key = .environment("PROVIDER_KEY") }
            try await rig.upstream.left(1)
            #expect(try await rig.chat().status == 200)
            #expect(String(decoding: rig.upstream.connections[2], as: UTF8.self).contains(GateRig.providerKey))
            #expect(rig.desk.variables["PROVIDER_KEY"] == String(repeating: "0", count: 64))
            #expect(rig.desk.variables["OTHER_KEY"] == String(repeating: "0", count: 64))
        }
    }

    @Test func aConnectionInUseIsNotKeptWhenItsProviderHasChanged() async throws {
        let held = Latch()
        let upstream = try RecordingUpstream { request in
            request.number == 0 ? [.wait(held), .answer("{}")] : [.answer("{}")]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest())
            try await rig.upstream.requests(1)
            await rig.reload { $0.providers[0].timeouts.head = 100 }
            held.open()
            #expect(try await line.answer().status == 200)
            try await rig.upstream.left(0)
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.connections.count == 2)
            line.leave()
        }
    }

    @Test func metricsAndPercentilesGoOn() async throws {
        try await GateRig.run { rig async throws in
            for _ in 0..<3 { #expect(try await rig.chat().status == 200) }
            await rig.reload { configuration in
                configuration.limits.concurrent = 7
                configuration.identity.jwt[0].leeway = 7
                configuration.limits.failuresPerMinute = 7
            }
            for _ in 0..<3 { #expect(try await rig.chat().status == 200) }
            let sample = #"gw_requests_total{route="/v1/chat/completions",provider="main",model="*",status="200"}"#
            #expect(try await rig.metric(sample) == 6)
            #expect(try await rig.metric(#"gw_auth_total{method="jwt",result="accepted"}"#) == 6)
            #expect(try await rig.metric(#"gw_ratelimit_total{limit="rate",result="allowed"}"#) == 6)
            #expect(try await rig.metric("gw_token_cache_entries") >= 1)
            #expect(try await rig.metric("gw_vault_keys") == 1)
            let text = try await rig.askAdmin("GET", "/metrics").text
            let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ")[0] }
            #expect(Set(samples).count == samples.count)
        }
    }
}
