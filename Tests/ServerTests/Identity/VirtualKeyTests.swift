import Foundation
import OstiaryCore
import OstiaryIdentity
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Virtual keys through a whole gate.
@Suite struct VirtualKeyTests {
    private final class Ring: Sendable {
        let folder: URL
        let file: KeysFile

        init() throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("ostiary-\(UUID().uuidString)")
            file = try KeysFile(path: folder.path + "/keys.json")
        }

        func add(_ wish: KeyWish) throws -> String {
            var random = SystemRandomNumberGenerator()
            let secret = VirtualKey.make(random: &random)
            try file.update { (document) throws(KeyDocument.Fault) in
                try document.add(wish, key: secret, at: UnixTime(seconds: 1_700_000_000))
            }
            return secret.withBytes { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
        }

        deinit { try? FileManager.default.removeItem(at: folder) }
    }

    @Test func `a key opens the door from either place, to its models alone`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"], models: ["public-*", "o4"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            for field in ["Authorization: Bearer \(key)", "x-api-key: \(key)"] {
                let answer = try await rig.ask(
                    "POST",
                    "/v1/chat/completions",
                    fields: [field],
                    body: GateRig.question("public-name")
                )
                #expect(answer.status == 200)
                let refused = try await rig.ask(
                    "POST",
                    "/v1/chat/completions",
                    fields: [field],
                    body: GateRig.question("public")
                )
                #expect(refused.status == 403 && refused.code == "model_not_allowed")
                #expect(refused.text.contains("key ci is for public-*, o4"))
            }
            #expect(rig.upstream.connections.count > 0)
            for bytes in rig.upstream.connections {
                #expect(!String(decoding: bytes, as: UTF8.self).contains(key.dropFirst(4)))
            }
            #expect(!rig.log.text.contains(key.dropFirst(4)))
            try await rig.expectBalanced()
        }
    }

    @Test func `a key sees the models that it may ask for, in the gate's list and in a provider's`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"], models: ["public-*", "o4"]))
        func listed(_ rig: GateRig, _ fields: [String] = []) async throws -> [String] {
            let answer = try await rig.ask("GET", "/v1/models", token: key, fields: fields)
            #expect(answer.status == 200)
            let data = try JSONReader.read(Array(answer.text.utf8)).object?["data"]?.array ?? []
            return data.compactMap { $0.object?["id"]?.string }
        }
        try await GateRig.run({ configuration in
            configuration.identity.keys = ring.file.path
            configuration.models.insert(GateRig.model("secret", "main"), at: 0)
        }) { rig async throws in
            #expect(try await listed(rig) == ["public-name"])
            #expect(try await listed(rig, ["anthropic-version: 2023-06-01"]) == ["public-name"])
            let whole = try await rig.ask("GET", "/v1/models", token: rig.token())
            #expect(whole.text.contains("secret"))
            #expect(try await rig.ask("GET", "/v1/models/secret", token: key).status == 403)
        }
        let theirs = #"{"object":"list","data":[{"id":"o3"},{"id":"o4","object":"model"},{"id":"public-1"}]}"#
        let upstream = try RecordingUpstream.answering(theirs)
        try await GateRig.run(
            { configuration in
                GateRig.solely(&configuration)
                configuration.identity.keys = ring.file.path
            },
            upstream: upstream
        ) { rig async throws in
            #expect(try await listed(rig) == ["o4", "public-1"])
            #expect(try await rig.ask("GET", "/v1/models", token: rig.token()).text == theirs)
        }
    }

    @Test func `a key without the scope is known and may not`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["other"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            let answer = try await rig.chat(token: key)
            #expect(answer.status == 403 && answer.code == "insufficient_scope")
        }
    }

    @Test func `a key that is revoked while the gate runs is refused a look later, and an added one known`()
        async throws
    {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            #expect(try await rig.chat(token: key).status == 200)
            _ = try ring.file.update { (document) throws(KeyDocument.Fault) in
                try document.revoke("ci", at: UnixTime(seconds: 1_700_000_001))
            }
            let other = try ring.add(KeyWish(name: "other", scopes: ["inference"]))
            rig.gate.rooms.keys?.refresh(rig.gate.rooms.journal)
            let answer = try await rig.chat(token: key)
            #expect(answer.status == 401 && answer.code == "invalid_token")
            #expect(answer["x-should-retry"] == "false")
            #expect(try await rig.entry(of: answer).cause == "revoked_key")
            #expect(try await rig.chat(token: other).status == 200)
        }
    }

    @Test func `the watch looks every second by itself`() async throws {
        let ring = try Ring()
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            let key = try ring.add(KeyWish(name: "late", scopes: ["inference"]))
            try await wait(for: "the key to be known") {
                rig.clock.advance(1)
                return rig.gate.rooms.keys?.known.count == 1
            }
            #expect(try await rig.chat(token: key).status == 200)
        }
    }

    @Test func `a file that cannot be used changes nothing, and the operator hears of it`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            try Data("{}".utf8).write(to: URL(fileURLWithPath: ring.file.path))
            let keys = try #require(rig.gate.rooms.keys)
            keys.refresh(rig.gate.rooms.journal)
            #expect(try await rig.chat(token: key).status == 200)
            #expect(try await rig.metric("gw_keys_file_good") == 0)
            // A file that is gone is another thing.
            try FileManager.default.removeItem(atPath: ring.file.path)
            keys.refresh(rig.gate.rooms.journal)
            #expect(try await rig.chat(token: key).status == 401)
            #expect(try await rig.metric("gw_keys_file_good") == 1)
        }
    }

    @Test func `limits of a key count for it alone, and outlive a reload`() async throws {
        let ring = try Ring()
        let own = Narrowing.Limits(requestsPerMinute: 1, burst: 2)
        let slow = try ring.add(KeyWish(name: "slow", scopes: ["inference"], limits: own))
        let free = try ring.add(KeyWish(name: "free", scopes: ["inference"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            #expect(try await rig.chat(token: slow)["x-ratelimit-limit-requests"] == "1")
            #expect(try await rig.chat(token: slow).status == 200)
            let refused = try await rig.chat(token: slow)
            #expect(refused.status == 429 && refused.code == "rate_limit_exceeded")
            #expect(refused["retry-after"] == "60")
            #expect(try await rig.chat(token: free).status == 200)
            var next = rig.gate.configuration
            next.limits.concurrent = 50
            rig.desk.put(next)
            #expect(await rig.gate.reloading.reload().outcome == .applied)
            #expect(try await rig.chat(token: slow).status == 429)
            try await rig.expectBalanced()
        }
    }

    @Test func `when a key was used is written down, rounded to the minute`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"]))
        _ = try ring.add(KeyWish(name: "idle", scopes: ["inference"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            #expect(try await rig.chat(token: key).status == 200)
            let keys = try #require(rig.gate.rooms.keys)
            keys.noteNow(rig.gate.rooms.journal)
            let minute = Int(rig.clock.now.seconds) / 60 * 60
            #expect(ring.file.uses() == ["ci": minute])
            // An older gate's word changes nothing.
            try ring.file.note(["ci": 60, "gone": 5], of: ["ci", "idle"])
            #expect(ring.file.uses() == ["ci": minute])
        }
    }

    /// Claude Code sends both fields; a key beside the provider's own is the one that is meant (A1).
    @Test func `of two credentials the one with a key's form counts`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"]))
        let other = try ring.add(KeyWish(name: "other", scopes: ["inference"]))
        try await GateRig.run({ $0.identity.keys = ring.file.path }) { rig async throws in
            func ask(_ bearer: String, _ apiKey: String) async throws -> RawMessage {
                try await rig.ask(
                    "POST",
                    "/v1/chat/completions",
                    fields: [
                        "Authorization: Bearer \(bearer)", "x-api-key: \(apiKey)", "anthropic-version: 2023-06-01",
                    ],
                    body: GateRig.question()
                )
            }
            #expect(try await ask("sk-ant-api03-x", key).status == 200)
            #expect(try await ask(key, "sk-ant-api03-x").status == 200)
            #expect(try await ask(key, other).status == 400)
            #expect(try await ask(key, rig.token()).status == 400)
            #expect(try await ask(rig.token(), rig.token(sub: "user-1", scope: "inference x")).status == 200)
        }
    }

    /// A key's form without anybody who knows keys is a bad token like any other, and final.
    @Test func `a gate without keys knows none`() async throws {
        let ring = try Ring()
        let key = try ring.add(KeyWish(name: "ci", scopes: ["inference"]))
        try await GateRig.run { rig async throws in
            let answer = try await rig.chat(token: key)
            #expect(answer.status == 401 && answer["x-should-retry"] == "false")
        }
    }
}
