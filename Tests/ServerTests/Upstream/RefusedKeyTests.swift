import Foundation
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// A provider's 401 means the gate's key, never the caller's token: the key's source is asked again, the provider once
/// more, and the client hears of it only when that was in vain.
@Suite struct RefusedKeyTests {
    private static let old = "sk-CANARY-old-81f0"
    private static let new = "sk-CANARY-new-9c2e"
    private let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID())").path

    private func put(_ key: String) throws { try Self.put(key, at: file) }

    private static func put(_ key: String, at path: String) throws {
        try Data(key.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// Takes one key and refuses every other with this status.
    /// - Parameter rotates: whether the first refusal finds the new key in its file. Before that the gate's upkeep, at its
    ///   first look, could take it over before the call has the old one.
    private func upstream(
        taking key: String,
        else status: String,
        rotates: Bool = false
    ) throws -> RecordingUpstream {
        let path = file
        return try RecordingUpstream { request in
            let isGood = request.message["authorization"] == "Bearer \(key)"
            if !isGood, rotates { try? Self.put(key, at: path) }
            return [isGood ? .answer() : .answer("{}", status: status, fields: "Retry-After: 7\r\n")]
        }
    }

    private func run(
        _ upstream: RecordingUpstream,
        _ test: (GateRig) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await GateRig.run({ $0.providers[0].key = .file(file) }, upstream: upstream, test)
    }

    @Test func aKeyThatWasRotatedAtItsSourceIsTakenOverWithoutTheClientNoticing() async throws {
        try put(Self.old)
        try await run(upstream(taking: Self.new, else: "401 No", rotates: true)) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 200)
            let asked = rig.upstream.requests.map(\.message)
            #expect(asked.map { $0["authorization"] } == ["Bearer \(Self.old)", "Bearer \(Self.new)"])
            #expect(asked[0].body == asked[1].body)
            // No connection carries both keys (SEC-509).
            #expect(Set(rig.upstream.requests.map(\.connection)).count == 2)
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.requests.count == 3)
            #expect(try await rig.metric("gw_vault_key_changes_total") == 1)
            #expect(!rig.log.text.contains("CANARY"))
            try await rig.expectBalanced()
        }
    }

    @Test func aStreamAndAListAreAskedForAgainToo() async throws {
        try put(Self.old)
        try await run(upstream(taking: Self.new, else: "401 No", rotates: true)) { rig async throws in
            #expect(try await rig.chat(stream: true).status == 200)
        }
        try put(Self.old)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await GateRig.run(
            {
                GateRig.solely(&$0)
                $0.providers[0].key = .file(file)
            },
            upstream: upstream(taking: Self.new, else: "401 No", rotates: true)
        ) { rig async throws in
            #expect(try await rig.ask("GET", "/v1/models", token: rig.token()).status == 200)
        }
    }

    @Test func aKeyThatStaysTheSameIsReportedAndTheClientGets502() async throws {
        try put(Self.old)
        try await run(upstream(taking: Self.new, else: "401 No")) { rig async throws in
            for _ in 0..<3 {
                let answer = try await rig.chat()
                #expect(answer.status == 502)
                #expect(answer.code == "upstream_auth_failed")
            }
            // Asked once each: there was nothing else to ask with.
            #expect(rig.upstream.requests.count == 3)
            #expect(try await rig.metric("gw_vault_key_refusals_total") == 3)
            #expect(try await rig.metric(#"gw_vault_keys_by_state{state="refused"}"#) == 1)
            let alarms = rig.log.text.split(separator: "\n").filter { $0.contains("gives no other") }
            #expect(alarms.count == 1)
            #expect(!rig.log.text.contains("CANARY"))
            try await rig.expectBalanced()
        }
    }

    @Test func aBodyThatHasGoneAlreadyIsNotAskedAgainButTheNextCallHasTheNewKey() async throws {
        try put(Self.old)
        try await run(upstream(taking: Self.new, else: "401 No")) { rig async throws in
            let content = String(repeating: "x", count: 300_000)
            let body = GateRig.question(content: content)
            let head =
                "POST /v1/chat/completions HTTP/1.1\r\nHost: gate.example\r\n"
                + "Authorization: Bearer \(rig.token())\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n"
            let client = try rig.client()
            defer { client.leave() }
            let bytes = Array((head + body).utf8)
            client.send(String(decoding: bytes[..<200_000], as: UTF8.self))
            // The provider must have the beginning before the rest comes.
            try await wait(for: "the beginning to reach the provider") {
                rig.upstream.connections.contains { !$0.isEmpty }
            }
            // Only now: the gate's upkeep, at its first look, would take a new key over before the call has the old one.
            try put(Self.new)
            client.send(String(decoding: bytes[200_000...], as: UTF8.self))
            #expect(try await client.answer(toHEAD: false).status == 502)
            try await wait(for: "the new key") { try await rig.metric("gw_vault_key_changes_total") == 1 }
            #expect(try await rig.chat().status == 200)
        }
    }

    @Test func aThrottledSoleKeyIsTheClientsAffair() async throws {
        try put(Self.old)
        try await run(upstream(taking: Self.new, else: "429 Slow")) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 429)
            #expect(answer["retry-after"] == "7")
            #expect(rig.upstream.requests.count == 1)
        }
    }
}
