import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct ProviderCallTests {
    @Test func `a test really asks the provider, and says what it came to`() async throws {
        let upstream = try RecordingUpstream.answering(#"{"data":[{"id":"a"},{"id":"b"}]}"#)
        try await DaemonDesk.run(upstream: upstream) { desk async throws in
            let answer = try await desk.ask("POST", "/providers/main/test", #"{"api_key":"sk-tried"}"#)
            #expect(answer.status == 200)
            #expect(try desk.conforms(answer, .post, "/providers/main/test"))
            #expect(answer.json?["success"]?.bool == true)
            #expect(answer.json?["provider_status"]?.string == "OK - 2 models available")
            let seen = String(decoding: desk.rig.upstream.connections[0], as: UTF8.self)
            #expect(seen.hasPrefix("GET /v1/models HTTP/1.1\r\n"))
            #expect(seen.contains("authorization: Bearer sk-tried\r\n"))
            // Without a key of its own in the call, the one that the gate lends.
            #expect(try await desk.ask("POST", "/test/provider/main").json?["success"]?.bool == true)
            #expect(String(decoding: desk.rig.upstream.connections[1], as: UTF8.self).contains(GateRig.providerKey))
            let list = try await desk.ask("GET", "/providers")
            #expect(try desk.conforms(list, .get, "/providers"))
            let entry = list.json?["providers"]?.array?.first { $0.object?["id"]?.string == "main" }?.object
            #expect(entry?["last_tested"]?.number != nil)
            #expect(!desk.rig.log.text.contains("sk-tried"))
        }
    }

    @Test func `there is nothing to test without a key, and a test that is too often is refused`() async throws {
        try await DaemonDesk.run { desk async throws in
            let none = try await desk.ask("POST", "/providers/openai/test")
            #expect(none.status == 409)
            #expect(none.problem == "no_key")
            var statuses: [Int] = []
            for _ in 0..<11 {
                statuses.append(try await desk.ask("POST", "/providers/main/test", #"{"api_key":"a"}"#).status)
            }
            #expect(statuses == Array(repeating: 200, count: 10) + [429])
            desk.rig.clock.advance(6)
            #expect(try await desk.ask("POST", "/providers/main/test", #"{"api_key":"a"}"#).status == 200)
        }
    }

    @Test func `a key that the provider does not take is not stored where it is asked first`() async throws {
        try await DaemonDesk.run { desk async throws in
            desk.rig.upstream.stop()
            let body = #"{"api_key":"sk-1","validate":true}"#
            let answer = try await desk.ask("POST", "/credentials/main", body)
            #expect(answer.status == 502)
            #expect(answer.problem == "validation_failed")
            #expect(try desk.conforms(answer, .post, "/credentials/main"))
            #expect(try await desk.ask("GET", "/credentials/main").status == 404)
        }
    }

    @Test func `a custom provider is asked where its metadata says, within the rules of addresses`() async throws {
        try await DaemonDesk.run { desk async throws in
            #expect(try await desk.ask("POST", "/credentials/custom", #"{"api_key":"a"}"#).status == 201)
            let nowhere = try await desk.ask("POST", "/providers/custom/test")
            #expect(nowhere.json?["error_message"]?.string == "no address is known for this provider")
            for (base, state) in [("http://169.254.169.254/latest", "not allowed"), ("not a url", "unknown")] {
                let body = #"{"api_key":"a","metadata":{"base_url":"\#(base)"}}"#
                #expect(try await desk.ask("PUT", "/credentials/custom", body).status == 200)
                let answer = try await desk.ask("POST", "/providers/custom/test")
                #expect(answer.json?["provider_status"]?.string == state, "\(base)")
            }
            let base = "http://127.0.0.1:\(desk.rig.upstream.port)/v1"
            let body = #"{"api_key":"a","metadata":{"base_url":"\#(base)"}}"#
            #expect(try await desk.ask("PUT", "/credentials/custom", body).status == 200)
            #expect(try await desk.ask("POST", "/providers/custom/test").json?["success"]?.bool == true)
        }
    }

    @Test func `claude code's calls tell how a key fares and change it`() async throws {
        try await DaemonDesk.run { desk async throws in
            let status = try await desk.ask("GET", "/api/auth/status")
            #expect(try desk.conforms(status, .get, "/api/auth/status"))
            #expect(status.json?["authenticated"]?.bool == true)
            #expect(status.json?["source"]?.string == "env")
            #expect(try await desk.ask("GET", "/api/auth/status?provider=x").status == 404)
            let refreshed = try await desk.ask("POST", "/api/auth/refresh")
            #expect(refreshed.status == 200)
            #expect(try desk.conforms(refreshed, .post, "/api/auth/refresh"))
            let elsewhere = try await desk.ask("POST", "/api/auth/update-key", #"{"api_key":"sk-2"}"#)
            #expect(elsewhere.status == 409)
            #expect(elsewhere.problem == "key_elsewhere")
            await desk.rig.reload { $0.providers[0].key = .vault("main") }
            #expect(try await desk.ask("GET", "/api/auth/status").json?["authenticated"]?.bool == false)
            #expect(try await desk.ask("POST", "/api/auth/refresh").problem == "refresh_failed")
            #expect(try await desk.rig.chat().status == 503)
            let updated = try await desk.ask("POST", "/api/auth/update-key", #"{"api_key":"sk-2"}"#)
            #expect(updated.status == 200)
            #expect(try desk.conforms(updated, .post, "/api/auth/update-key"))
            #expect(try await desk.ask("GET", "/api/auth/status").json?["authenticated"]?.bool == true)
            #expect(try await desk.rig.chat().status == 200)
            #expect(try await desk.ask("POST", "/api/auth/update-key", #"{"api_key":" "}"#).status == 400)
            // What is deleted is lent no more.
            #expect(try await desk.ask("DELETE", "/credentials/main").status == 200)
            #expect(try await desk.rig.chat().status == 503)
        }
    }

    @Test func `a refresh that runs for longer than it may is not joined`() {
        let refreshes = RunningRefreshes()
        let start = MonotonicTime(nanoseconds: 0)
        #expect(refreshes.begin("a", at: start))
        #expect(refreshes.begin("a", at: start.advanced(bySeconds: 10)))
        #expect(!refreshes.begin("a", at: start.advanced(bySeconds: 11)))
        #expect(refreshes.begin("b", at: start.advanced(bySeconds: 11)))
        refreshes.end("a")
        refreshes.end("a")
        #expect(refreshes.begin("a", at: start.advanced(bySeconds: 12)))
    }
}
