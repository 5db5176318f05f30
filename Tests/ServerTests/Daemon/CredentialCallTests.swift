import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct CredentialCallTests {
    @Test func `a key is stored, listed, read back and forgotten`() async throws {
        try await DaemonDesk.run { desk async throws in
            let body = #"{"api_key":"sk-\u0061\"b\\c","metadata":{"note":"f\u00fcr mich","n":1}}"#
            let first = try await desk.ask("POST", "/credentials/openai", body)
            #expect(first.status == 201)
            #expect(try desk.conforms(first, .post, "/credentials/openai"))
            #expect(first.json?["backend"]?.string == "memory")
            let again = try await desk.ask("PUT", "/credentials/openai", body)
            #expect(again.status == 200)
            #expect(again.json?["fingerprint"] == first.json?["fingerprint"])
            let other = try await desk.ask("POST", "/credentials/groq", #"{"api_key":"gsk-2"}"#)
            #expect(other.json?["fingerprint"] != first.json?["fingerprint"])

            let list = try await desk.ask("GET", "/credentials")
            #expect(try desk.conforms(list, .get, "/credentials"))
            #expect(list.json?["credentials"]?.array?.compactMap { $0.object?["id"]?.string } == ["groq", "openai"])
            #expect(!list.text.contains("gsk-2"))

            let back = try await desk.ask("GET", "/credentials/openai")
            #expect(back.status == 200)
            #expect(back["cache-control"] == "no-store")
            #expect(back.json?["api_key"]?.string == #"sk-a"b\c"#)
            #expect(back.json?["metadata"]?.object?["note"]?.string == "für mich")
            #expect(back.json?["metadata"]?.object?["created_at"]?.number != nil)

            let gone = try await desk.ask("DELETE", "/credentials/openai")
            #expect(gone.status == 200)
            #expect(gone.json?["deleted"]?.bool == true)
            #expect(try await desk.ask("DELETE", "/credentials/openai").problem == "no_key")
            #expect(try await desk.ask("GET", "/credentials/openai").status == 404)
            #expect(!desk.rig.log.text.contains("gsk-2"))
            #expect(!desk.rig.log.text.contains(DaemonDesk.token))
        }
    }

    @Test func `the paths of the daemon before lead to the same calls`() async throws {
        try await DaemonDesk.run { desk async throws in
            let put = try await desk.ask("PUT", "/secrets/provider/openai", #"{"api_key":"sk-1"}"#)
            #expect(put.status == 201)
            #expect(put.json?["message"]?.string != nil)
            let list = try await desk.ask("GET", "/secrets/providers")
            #expect(list.json == (try await desk.ask("GET", "/providers")).json)
            let entry = list.json?["providers"]?.array?.first { $0.object?["id"]?.string == "openai" }
            #expect(entry?.object?["has_key"]?.bool == true)
            #expect(try await desk.ask("DELETE", "/secrets/provider/openai").status == 200)
        }
    }

    @Test func `a key that a provider is lent is taken over without a restart`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("env-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await DaemonDesk.run { desk async throws in
            let rig = desk.rig
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"sk-one"}"#).status == 201)
            await rig.reload { $0.providers[0].key = .vault("openai") }
            #expect(try await rig.chat().status == 200)
            // A file with a fault waits for its next reload and is no reason to lend the old key.
            rig.desk.put(GateRig.fault())
            #expect(try await desk.ask("POST", "/credentials/main", #"{"api_key":"sk-two"}"#).status == 200)
            #expect(try await rig.chat().status == 200)
            let seen = rig.upstream.connections.map { String(decoding: $0, as: UTF8.self) }
            #expect(seen[0].contains("sk-one"))
            #expect(seen.last?.contains("sk-two") == true)
            #expect(seen.last?.contains("sk-one") == false)
        }
    }

    @Test(arguments: [
        (#"{"api_key":""}"#, 400, "invalid_key"), (#"{"api_key":" a"}"#, 400, "invalid_key"),
        (#"{"api_key":"a\nb"}"#, 400, "invalid_key"), (#"{"api_key":"\u0000"}"#, 400, "invalid_key"),
        (#"{"api_key":"schlüssel"}"#, 400, "invalid_key"), (#"{"api_key":"\ud83d\ude00"}"#, 400, "invalid_key"),
        (#"{"api_key":5}"#, 422, "invalid_body"), (#"{"api_key":null}"#, 422, "invalid_body"),
        ("{}", 422, "invalid_body"),
        ("[]", 422, "invalid_body"), ("x", 422, "invalid_body"), ("", 422, "invalid_body"),
        (#"{"api_key":"a","b":1}"#, 422, "invalid_body"), (#"{"api_key":"a","api_key":"b"}"#, 422, "invalid_body"),
        (#"{"api\u005fkey":"a"}"#, 422, "invalid_body"), (#"{"api_key":"a","metadata":[]}"#, 422, "invalid_body"),
        (#"{"x":{"api_key":"a"}}"#, 422, "invalid_body"), (#"["api_key","a"]"#, 422, "invalid_body"),
        (#"{"api_key":"a""#, 422, "invalid_body"), (#"{"api_key":"a\"#, 422, "invalid_body"),
    ])
    func `what can be no key, or no such call, is refused`(body: String, status: Int, code: String) async throws {
        try await DaemonDesk.run { desk async throws in
            let answer = try await desk.ask("POST", "/credentials/openai", body)
            #expect(answer.status == status)
            #expect(answer.problem == code)
            #expect(try desk.conforms(answer, .post, "/credentials/openai"))
            #expect(answer.json?["detail"]?.string == answer.json?["error"]?.object?["message"]?.string)
            #expect(answer.json?["request_id"]?.string == answer["x-request-id"])
            #expect(try await desk.ask("GET", "/credentials").json?["credentials"]?.array?.isEmpty == true)
        }
    }

    @Test func `a key of the greatest length is kept, and a longer one is not`() async throws {
        try await DaemonDesk.run { desk async throws in
            let most = String(repeating: "k", count: 8192)
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"\#(most)"}"#).status == 201)
            #expect(try await desk.ask("GET", "/credentials/openai").json?["api_key"]?.string == most)
            let answer = try await desk.ask("POST", "/credentials/openai", #"{"api_key":"\#(most)k"}"#)
            #expect(answer.problem == "invalid_key")
            let large = String(repeating: "k", count: 70_000)
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"\#(large)"}"#).status == 413)
            let wordy = String(repeating: "m", count: 4096)
            let metadata = #"{"api_key":"a","metadata":{"m":"\#(wordy)"}}"#
            #expect(try await desk.ask("POST", "/credentials/openai", metadata).status == 422)
        }
    }

    @Test(arguments: ["GET", "POST", "PUT", "DELETE"])
    func `nobody can name a provider that there is not`(method: String) async throws {
        try await DaemonDesk.run { desk async throws in
            for id in ["nobody", "..", "%2e%2e", "openai:metadata", "OPENAI", "openai%20", "a/b"] {
                let body = method == "GET" || method == "DELETE" ? nil : #"{"api_key":"a"}"#
                let answer = try await desk.ask(method, "/credentials/\(id)", body)
                #expect([400, 404, 405].contains(answer.status), "\(id)")
                #expect(answer.problem != nil)
            }
        }
    }

    @Test func `a gate without a store says so`() async throws {
        try await DaemonDesk.run({ $0.vault.backend = nil }) { desk async throws in
            for (method, path) in [
                ("GET", "/credentials"), ("DELETE", "/credentials/openai"), ("POST", "/admin/rotate"),
            ] {
                let answer = try await desk.ask(method, path)
                #expect(answer.status == 503)
                #expect(answer.problem == "no_store")
            }
            #expect(try await desk.ask("GET", "/providers").status == 200)
            #expect(try await desk.ask("GET", "/health", token: nil).status == 200)
        }
    }

    @Test func `where keys are not given back, nobody reads them`() async throws {
        try await DaemonDesk.run({ $0.daemon.reveals = false }) { desk async throws in
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"sk-1"}"#).status == 201)
            let answer = try await desk.ask("GET", "/credentials/openai")
            #expect(answer.status == 403)
            #expect(answer.problem == "reveal_off")
        }
    }
}
