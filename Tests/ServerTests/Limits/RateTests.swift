import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 6 and 12.5
@Suite struct RateTests {
    static let sixtyAndTen: @Sendable (inout Configuration) -> Void = {
        $0.limits.requestsPerMinute = 60
        $0.limits.burst = 10
    }

    private func status(_ rig: GateRig, _ token: String) async throws -> Int {
        try await rig.ask("GET", "/v1/models", token: token).status
    }

    @Test func tenPassAndTheEleventhWaitsASecond() async throws {
        try await GateRig.run(Self.sixtyAndTen) { rig async throws in
            for left in (0..<10).reversed() {
                let answer = try await rig.ask("GET", "/v1/models", token: rig.token())
                #expect(answer.status == 200)
                #expect(answer["x-ratelimit-limit-requests"] == "60")
                #expect(answer["x-ratelimit-remaining-requests"] == "\(left)")
                #expect(answer["x-ratelimit-reset-requests"] == "\(10 - left)s")
            }
            let refused = try await rig.ask("GET", "/v1/models", token: rig.token())
            #expect(refused.status == 429)
            #expect(refused.code == "rate_limit_exceeded")
            #expect(refused["retry-after"] == "1")
            #expect(refused["x-ratelimit-limit-requests"] == "60")
            #expect(refused["x-ratelimit-remaining-requests"] == "0")
            #expect(refused["x-ratelimit-reset-requests"] == "10s")
            for name in ["x-ratelimit-limit-requests", "retry-after", "x-request-id", "cache-control"] {
                #expect(refused.values(name).count == 1)
            }
            rig.clock.advance(1)
            #expect(try await status(rig, rig.token()) == 200)
            #expect(try await status(rig, rig.token()) == 429)
            rig.clock.advance(10)
            for _ in 0..<10 { #expect(try await status(rig, rig.token()) == 200) }
            #expect(try await status(rig, rig.token()) == 429)
            try await rig.expectBalanced()
        }
    }

    @Test func `callers of Anthropic's API are told in its words`() async throws {
        try await GateRig.run({ Self.sixtyAndTen(&$0) }) { rig async throws in
            rig.clock.setWall(1_800_000_000.25)
            for left in [9, 8] {
                let answer = try await rig.ask(
                    "GET",
                    "/v1/models",
                    token: rig.token(),
                    fields: ["anthropic-version: 2023-06-01"]
                )
                #expect(answer["anthropic-ratelimit-requests-limit"] == "60")
                #expect(answer["anthropic-ratelimit-requests-remaining"] == "\(left)")
                let reset = left == 9 ? "2027-01-15T08:00:02Z" : "2027-01-15T08:00:03Z"
                #expect(answer["anthropic-ratelimit-requests-reset"] == reset)
                #expect(!answer.names.contains { $0.hasPrefix("x-ratelimit") })
            }
            for _ in 0..<8 { #expect(try await status(rig, rig.token()) == 200) }
            let refused = try await rig.ask(
                "POST",
                "/v1/messages",
                token: rig.token(),
                body: MessagesTests.question
            )
            #expect(refused.status == 429 && refused["retry-after"] == "1")
            #expect(refused.values("anthropic-ratelimit-requests-remaining") == ["0"])
            #expect(!refused.names.contains { $0.hasPrefix("x-ratelimit") })
        }
    }

    @Test func `token counts pass where requests are used up`() async throws {
        try await GateRig.run(Self.sixtyAndTen) { rig async throws in
            for _ in 0..<10 { #expect(try await status(rig, rig.token()) == 200) }
            for left in (75..<100).reversed() {
                let answer = try await rig.ask(
                    "POST",
                    "/v1/messages/count_tokens",
                    token: rig.token(),
                    body: MessagesTests.question
                )
                #expect(answer.status == 200)
                #expect(answer["anthropic-ratelimit-requests-limit"] == "600")
                #expect(answer["anthropic-ratelimit-requests-remaining"] == "\(left)")
            }
            #expect(try await status(rig, rig.token()) == 429)
            var last = 200
            for _ in 0..<76 {
                let path = "/v1/messages/count_tokens"
                last = try await rig.ask("POST", path, token: rig.token(), body: MessagesTests.question).status
            }
            #expect(last == 429)
            try await rig.expectBalanced()
        }
    }

    @Test func aWallClockThatJumpsBackDoesNotFreezeTheBucket() async throws {
        try await GateRig.run(Self.sixtyAndTen) { rig async throws in
            let token = rig.token()
            for _ in 0..<10 { #expect(try await status(rig, token) == 200) }
            #expect(try await status(rig, token) == 429)
            rig.clock.setWall(rig.clock.now.seconds - 20)
            rig.clock.advance(1)
            #expect(try await status(rig, token) == 200)
        }
    }

    @Test func twoTokensOfOneCallerShareABucket() async throws {
        try await GateRig.run(Self.sixtyAndTen) { rig async throws in
            let tokens = [rig.token(tail: #""jti":"1""#), rig.token(tail: #""jti":"2""#)]
            for _ in 0..<5 { for token in tokens { #expect(try await status(rig, token) == 200) } }
            for token in tokens { #expect(try await status(rig, token) == 429) }
            #expect(try await status(rig, rig.token(sub: "user-2")) == 200)
        }
    }

    @Test func oneNameAtTwoIssuersHasTwoBuckets() async throws {
        let (one, two) = (TestIssuer(name: "1"), TestIssuer("https://second.example", name: "2"))
        let host = try KeySetHost(.document(TestIssuer.keySet(one, two)))
        let change: (inout Configuration) -> Void = { configuration in
            Self.sixtyAndTen(&configuration)
            var second = configuration.identity.jwt[0]
            second.issuer = two.issuer
            configuration.identity.jwt.append(second)
        }
        try await GateRig.run(change, issuer: one, keys: host) { rig async throws in
            for issuer in [one, two] {
                let token = issuer.token(now: rig.clock.now)
                for _ in 0..<10 { #expect(try await status(rig, token) == 200) }
                #expect(try await status(rig, token) == 429)
            }
        }
    }

    @Test func whatIsRefusedBeforeCostsNothing() async throws {
        try await GateRig.run(Self.sixtyAndTen) { rig async throws in
            let narrow = rig.token(scope: "other")
            for _ in 0..<20 {
                #expect(try await status(rig, narrow) == 403)
                #expect(try await rig.ask("DELETE", "/v1/models", token: rig.token()).status == 405)
            }
            let answer = try await rig.ask("GET", "/v1/models", token: rig.token())
            #expect(answer["x-ratelimit-remaining-requests"] == "9")
            // What failed behind the reservation has cost its request, and says so.
            let failed = try await rig.ask("POST", "/v1/chat/completions", token: rig.token(), body: "[]")
            #expect(failed.status == 400)
            #expect(failed["x-ratelimit-remaining-requests"] == "8")
            try await rig.expectBalanced()
        }
    }

    @Test func aRateOfZeroIsNoRate() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask("GET", "/v1/models", token: rig.token())
            #expect(!answer.names.contains { $0.hasPrefix("x-ratelimit") })
        }
    }

    @Test func failuresOfOneAddressAreLimited() async throws {
        try await GateRig.run({ $0.limits.failuresPerMinute = 3 }) { rig async throws in
            for number in 0..<3 { #expect(try await status(rig, "bad\(number)") == 401) }
            // The same again is no other guess.
            #expect(try await status(rig, "bad0") == 401)
            let refused = try await rig.ask("GET", "/v1/models", token: "bad")
            #expect(refused.status == 429)
            #expect(refused.code == "too_many_failures")
            #expect(refused["retry-after"] == "20")
            // SEC-106: whatever a field says, it is the same address.
            let posing = try await rig.ask(
                "GET",
                "/v1/models",
                token: "bad",
                fields: ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7"]
            )
            #expect(posing.status == 429)
            #expect(try await status(rig, rig.token()) == 200)
            rig.clock.advance(20)
            #expect(try await status(rig, "bad") == 401)
        }
    }
}
