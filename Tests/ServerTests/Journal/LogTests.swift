import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 10 and 12.8, SEC-601, SEC-602
@Suite struct LogTests {
    private static let canaries = [
        GateRig.providerKey, "CANARY-prompt-51c2", "CANARY-query-90aa", "CANARY-sub-77e1", "CANARY-field-1f3d",
        "CANARY-answer-04bb", "CANARY-path-6c6c", "CANARY-model-3d3d",
    ]

    /// The ways in which a secret could be spelled.
    private static func spellings(_ secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        return [
            secret, Data(bytes).base64EncodedString(), Base64URL.encode(bytes), Hex.encode(bytes),
            bytes.map { "%" + Hex.encode([$0]) }.joined(), secret.uppercased(),
        ]
    }

    @Test func nothingThatWasSaidIsWrittenDown() async throws {
        let answer = #"{"id":"CANARY-answer-04bb"}"#
        let refuses = Latch()
        let upstream = try RecordingUpstream { _ in [.answer(answer, status: refuses.isOpen ? "401 No" : "200 OK")] }
        try await GateRig.run(upstream: upstream) { rig async throws in
            let token = rig.token(sub: "CANARY-sub-77e1")
            let bad = rig.token(sub: "CANARY-sub-77e1") + "x"
            let fields = ["X-Own: CANARY-field-1f3d", "User-Agent: CANARY-field-1f3d", "Cookie: CANARY-field-1f3d"]
            let body = GateRig.question("CANARY-model-3d3d", content: "CANARY-prompt-51c2")
            for target in ["/v1/chat/completions?k=CANARY-query-90aa", "/CANARY-path-6c6c?k=CANARY-query-90aa"] {
                for token in [token, bad, nil] {
                    _ = try await rig.ask("POST", target, token: token, fields: fields, body: body)
                    _ = try await rig.ask("POST", target, token: token, fields: fields, body: body + "broken")
                    _ = try await rig.ask("CANARY-field-1f3d", target, token: token, fields: fields)
                }
            }
            let broken = try rig.client()
            broken.send("GET /CANARY-path-6c6c HTTP/9.9\r\nCANARY-field-1f3d\r\n\r\n")
            _ = try await broken.answer()
            broken.leave()
            refuses.open()
            _ = try await rig.ask("POST", "/v1/chat/completions", token: token, fields: fields, body: body)
            try await wait(for: "the entries") { rig.log.entries.count == 20 }
            let metrics = try await rig.askAdmin("GET", "/metrics").text
            let stats = try await rig.askAdmin("GET", "/admin/stats").text
            for canary in Self.canaries + token.split(separator: ".").map(String.init) {
                for spelling in Self.spellings(canary) {
                    #expect(!rig.log.text.contains(spelling), "\(canary)")
                    #expect(!metrics.contains(spelling), "\(canary)")
                    #expect(!stats.contains(spelling), "\(canary)")
                }
            }
            #expect(rig.upstream.requests.contains { $0.message["authorization"] == "Bearer \(GateRig.providerKey)" })
        }
    }

    @Test func everyLineIsOneObjectWithTheSameMembers() async throws {
        try await GateRig.run { rig async throws in
            _ = try await rig.chat()
            _ = try await rig.chat("echo-drop-after-3", stream: true)
            for target in ["/%22,%0a", "/%1b[31m", "/\"", "/%e2%80%a8", "/a,b:c{}"] {
                _ = try await rig.ask("GET", target, fields: ["X-Own: \"},{\\n\u{e9}\u{2028}"])
            }
            let broken = try rig.client()
            broken.send("GET / HTTP/1.1\r\nA: \u{1b}[31m\r\n\r\n")
            _ = try await broken.answer()
            broken.leave()
            try await wait(for: "the entries") { rig.log.entries.count == 8 }
            #expect(!rig.log.bytes.contains { $0 < 0x20 && $0 != 0x0a || $0 == 0x7f || $0 >= 0x80 })
            var members: Set<[String]> = []
            for line in rig.log.lines {
                let object = try #require(try JSONReader.read(Array(line.utf8)).object)
                if object["message"]?.string == "request" { members.insert(object.members.map(\.name)) }
            }
            #expect(members.count == 1)
        }
    }

    @Test func theLevelFollowsTheStatus() async throws {
        try await GateRig.run { rig async throws in
            let wanted = [
                (try await rig.chat(), "info"), (try await rig.chat("echo-fail-500"), "error"),
                (try await rig.ask("GET", "/v1/models"), "warning"), (try await rig.ask("GET", "/x"), "warning"),
                (try await rig.chat("echo-drop-after-3"), "warning"), (try await rig.ask("POST", "/health"), "warning"),
            ]
            for (answer, level) in wanted { #expect(try await rig.entry(of: answer).level == level) }
            _ = try await rig.ask("GET", "/health")
            _ = try await rig.ask("GET", "/ready")
            let last = try await rig.chat()
            _ = try await rig.entry(of: last)
            #expect(!rig.log.entries.contains { $0.route == "/health" && $0.status == 200 || $0.route == "/ready" })
        }
    }

    @Test func eachCallHasOneEntryWithItsFigures() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.chat()
            let entry = try await rig.entry(of: answer)
            #expect(entry.method == "POST")
            #expect(entry.route == "/v1/chat/completions")
            #expect(entry.outcome == "answered")
            #expect(entry.cause == nil)
            #expect(entry.peer == "127.0.0.1")
            #expect(entry.user?.utf8.count == 8)
            #expect(entry.bytes_in == GateRig.question().utf8.count)
            #expect(entry.bytes_out == 2)
            #expect(entry.upstream_ms != nil)
            let stranger = try await rig.ask("GET", "/nowhere", token: "bad")
            let refused = try await rig.entry(of: stranger)
            #expect(refused.route == nil)
            #expect(refused.user == nil)
            #expect(refused.cause == "malformed")
            #expect(refused.outcome == "invalid_token")
            #expect(rig.log.entries.count == 2)
        }
    }

    @Test func theFirstLineTellsTheVersion() async throws {
        try await GateRig.run { rig async throws in
            try await wait(for: "the first lines") { rig.log.text.contains("the doors are open") }
            #expect(rig.log.lines.first?.contains(#""version":"\#(Version.current)""#) == true)
            #expect(rig.log.text.contains(#""listen":"127.0.0.1:\#(rig.gate.port)""#))
            #expect(rig.log.events.contains { $0.message.hasPrefix("IDENTITY_HASH_KEY is not set") })
        }
    }

    @Test func missingAudiencesAreWarnedOf() async throws {
        try await GateRig.run({ $0.identity.jwt[0].audiences = [] }) { rig async throws in
            try await wait(for: "the warning") {
                rig.log.events.contains { $0.level == "warning" && $0.message.hasPrefix("no audiences are configured") }
            }
        }
    }
}
