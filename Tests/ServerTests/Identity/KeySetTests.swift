import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 12.2 and 12.3, SEC-204
@Suite struct KeySetTests {
    private func ask(_ rig: GateRig, _ token: String? = nil) async throws -> RawMessage {
        try await rig.ask("GET", "/v1/models", token: token ?? rig.token())
    }

    /// A gate whose keys are too old to use and whose key server hangs, and a call that waits for it.
    private func waitForKeys(_ test: (GateRig, RawConnection) async throws -> Void) async throws {
        let issuer = TestIssuer()
        let host = try KeySetHost(.document(TestIssuer.keySet(issuer)))
        try await GateRig.run(issuer: issuer, keys: host) { rig async throws in
            host.now(.hang)
            // Beyond all use of what is there.
            rig.clock.advance(600 + 86_400 + 1)
            try await host.fetches(2)
            let line = try rig.client()
            line.send(rig.goodRequest())
            try await wait(for: "the call to wait") { try await rig.metric("gw_jwks_waiters") >= 1 }
            try await test(rig, line)
            try await rig.expectBalanced()
        }
    }

    @Test func comesUpWithoutKeysAndServesWhenTheyCome() async throws {
        let issuer = TestIssuer()
        let host = try KeySetHost(.document(TestIssuer.keySet(issuer)), isUp: false)
        try await GateRig.run(issuer: issuer, keys: host) { rig async throws in
            let refused = try await ask(rig)
            #expect(refused.status == 503)
            #expect(refused.code == "keys_unavailable")
            #expect(refused["retry-after"] == "5")
            #expect(refused["www-authenticate"] == nil)
            #expect(try await rig.ask("GET", "/health").status == 200)
            #expect(try await rig.ask("GET", "/ready").status == 503)
            host.start()
            // The pause after a first failure is 1 s and a fifth.
            rig.clock.advance(1.3)
            try await wait(for: "readiness") { try await rig.ask("GET", "/ready").status == 200 }
            #expect(try await ask(rig).status == 200)
            #expect(host.fetches == 1)
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [
        "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"keys\":[", "nonsense\r\n\r\n", "",
        "HTTP/1.1 200 OK\r\nContent-Length: 307200\r\n\r\n" + String(repeating: " ", count: 307_200),
    ])
    func whateverGoesWrongIsNotTheClientsFault(answer: String) async throws {
        let issuer = TestIssuer()
        let host = try KeySetHost(.raw(answer))
        try await GateRig.run(issuer: issuer, keys: host) { rig async throws in
            #expect(try await ask(rig).status == 503)
            // Inside the pause after a failure nothing is fetched.
            #expect(try await ask(rig).status == 503)
            #expect(host.fetches == 1)
            host.now(.document(TestIssuer.keySet(issuer)))
            rig.clock.advance(1.3)
            #expect(try await ask(rig).status == 200)
            #expect(host.fetches == 2)
        }
    }

    // SEC-702
    @Test func aServerThatHangsCostsFiveSeconds() async throws {
        try await waitForKeys { rig, line async throws in
            #expect(try await line.staysSilent(milliseconds: 20))
            rig.clock.advance(5.1)
            #expect(try await line.answer().status == 503)
            line.leave()
        }
    }

    @Test func aClientThatLeavesWhileKeysAreFetchedIsNoFault() async throws {
        try await waitForKeys { rig, line async throws in
            line.leave()
            let entry = try await rig.entry { $0.route == "/v1/models" }
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "client")
            #expect(entry.status == 499)
            #expect(entry.level == "warning")
            try await rig.expectBalanced()
            #expect(rig.log.entries.count { $0.route == "/v1/models" } == 1)
        }
    }

    // SEC-702
    @Test func aFailedRefreshChangesNothing() async throws {
        let issuer = TestIssuer()
        let host = try KeySetHost(.document(TestIssuer.keySet(issuer)))
        try await GateRig.run(issuer: issuer, keys: host) { rig async throws in
            host.now(.raw("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}"))
            rig.clock.advance(601)
            // Nobody waits for the refresh of a set that is there.
            #expect(try await ask(rig).status == 200)
            try await host.fetches(2)
            #expect(try await ask(rig).status == 200)
            let health = try await rig.ask("GET", "/health").text
            #expect(health.contains(#""stale":true"#))
            #expect(try await rig.ask("GET", "/ready").status == 200)
        }
    }

    @Test func aNewKeyWorksOnItsFirstUse() async throws {
        let (old, new) = (TestIssuer(name: "old"), TestIssuer(name: "new"))
        let host = try KeySetHost(.document(TestIssuer.keySet(old)))
        try await GateRig.run(issuer: old, keys: host) { rig async throws in
            #expect(try await ask(rig).status == 200)
            host.now(.document(TestIssuer.keySet(old, new)))
            rig.clock.advance(31)
            #expect(try await ask(rig, new.token(now: rig.clock.now)).status == 200)
            #expect(try await ask(rig, old.token(now: rig.clock.now)).status == 200)
            #expect(host.fetches == 2)
        }
    }

    @Test func aRemovedKeyTakesItsKnownTokensAlong() async throws {
        let (old, new) = (TestIssuer(name: "old"), TestIssuer(name: "new"))
        let host = try KeySetHost(.document(TestIssuer.keySet(old)))
        try await GateRig.run(issuer: old, keys: host) { rig async throws in
            let known = old.token(now: rig.clock.now)
            #expect(try await ask(rig, known).status == 200)
            host.now(.document(TestIssuer.keySet(new)))
            rig.clock.advance(31)
            #expect(try await ask(rig, new.token(now: rig.clock.now)).status == 200)
            #expect(try await ask(rig, known).status == 401)
            #expect(host.fetches == 2)
        }
    }

    @Test func anUnknownKeyInsideTheCoolDownIsRefusedAtOnce() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await ask(rig, rig.issuer.token(now: rig.clock.now, kid: "a")).status == 401)
            #expect(rig.keys.fetches == 1)
            rig.clock.advance(31)
            #expect(try await ask(rig, rig.issuer.token(now: rig.clock.now, kid: "a")).status == 401)
            #expect(rig.keys.fetches == 2)
            // Known to be absent for a minute, and then asked for again.
            rig.clock.advance(31)
            #expect(try await ask(rig, rig.issuer.token(now: rig.clock.now, kid: "a")).status == 401)
            #expect(rig.keys.fetches == 2)
            rig.clock.advance(31)
            #expect(try await ask(rig, rig.issuer.token(now: rig.clock.now, kid: "a")).status == 401)
            #expect(rig.keys.fetches == 3)
            // Neither an expired token nor one for others causes a fetch.
            rig.clock.advance(61)
            let late = rig.issuer.token(now: rig.clock.now + -3600, kid: "b")
            #expect(try await ask(rig, late).status == 401)
            let foreign = TestIssuer("https://other.example").token(now: rig.clock.now, kid: "c")
            #expect(try await ask(rig, foreign).status == 401)
            #expect(rig.keys.fetches == 3)
        }
    }

    @Test func aThousandFirstCallsShareOneFetch() async throws {
        let issuer = TestIssuer()
        let host = try KeySetHost(.hang, isUp: false)
        try await GateRig.run(issuer: issuer, keys: host) { rig async throws in
            host.start()
            rig.clock.advance(1.3)
            try await host.fetches(1)
            let request = rig.request("GET", "/v1/models", token: rig.token())
            var lines: [RawConnection] = []
            for _ in 0..<1000 {
                let line = try rig.client()
                line.send(request)
                lines.append(line)
            }
            try await wait(for: "all to wait") { try await rig.metric("gw_jwks_waiters") >= 1000 }
            try await host.release(TestIssuer.keySet(issuer))
            for line in lines {
                #expect(try await line.answer().status == 200)
                line.leave()
            }
            #expect(host.fetches == 1)
            try await rig.expectBalanced()
        }
    }

    // Good tokens pass while ten thousand bad ones are asked about; at most one fetch is caused.
    @Test func aStormOfUnknownKeysCausesOneFetch() async throws {
        try await GateRig.run { rig async throws in
            rig.clock.advance(31)
            let good = rig.token()
            let line = try rig.client()
            let storm = try rig.client()
            let fetches = rig.keys.fetches
            let one = rig.issuer.token(now: rig.clock.now, kid: "random-000000")
            let parts = one.split(separator: ".").map(String.init)
            var sent = 0
            for round in 0..<100 {
                var requests = ""
                for number in 0..<100 {
                    let kid = "random-\(round)-\(number)"
                    let header = Base64URL.encode(Array(#"{"alg":"ES256","kid":"\#(kid)"}"#.utf8))
                    requests += rig.request("GET", "/v1/models", token: "\(header).\(parts[1]).\(parts[2])")
                }
                storm.send(requests)
                sent += 100
                line.send(rig.request("GET", "/v1/models", token: good))
                #expect(try await line.answer().status == 200)
                for _ in 0..<100 { #expect(try await storm.answer().status == 401) }
            }
            #expect(sent == 10_000)
            #expect(rig.keys.fetches - fetches <= 1)
            line.leave()
            storm.leave()
        }
    }
}
