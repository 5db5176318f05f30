import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct AdminDoorTests {
    @Test(arguments: [
        "GET /metrics 200", "HEAD /metrics 200", "POST /metrics 405", "GET /admin/stats 200",
        "GET /admin/stats?window=5m 200", "GET /admin/stats?window=1h 400", "GET /health 200", "GET /ready 200",
        "GET /nowhere 404", "GET / 404", "POST /dev/token 415", "GET /v1/models 404", "POST /v1/chat/completions 404",
    ])
    func answers(line: String) async throws {
        let parts = line.split(separator: " ").map(String.init)
        try await GateRig.run { rig async throws in
            let answer = try await rig.askAdmin(parts[0], parts[1])
            #expect("\(answer.status)" == parts[2])
            #expect(answer["x-request-id"] != nil)
            #expect(answer["cache-control"] == "no-store")
        }
    }

    // SEC-004
    @Test func thePublicDoorServesNoneOfIt() async throws {
        try await GateRig.run { rig async throws in
            for path in ["/metrics", "/admin/stats", "/dev/token"] {
                #expect(try await rig.ask("GET", path).status == 401)
                #expect(try await rig.ask("GET", path, token: rig.token()).status == 404)
            }
        }
    }

    @Test(arguments: [
        "127.0.0.1 200", "127.0.0.1:8123 200", "localhost 200", "LOCALHOST:1 200", "[::1]:8123 200", "127.9.9.9:1 200",
        "evil.example 400", "127.0.0.1.evil.example 400", "localhost.evil.example:80 400", "192.0.2.1 400",
        "[::2]:80 400", "0.0.0.0 400",
    ])
    func answersToNamesOfThisMachineOnly(line: String) async throws {
        let parts = line.split(separator: " ").map(String.init)
        try await GateRig.run { rig async throws in
            let answer = try await rig.askAdmin("GET", "/metrics", fields: ["Host: \(parts[0])"])
            #expect("\(answer.status)" == parts[1])
        }
    }

    @Test func noPageMayUseIt() async throws {
        try await GateRig.run(mode: .development) { rig async throws in
            let fields = ["Host: localhost", "Content-Type: application/json"]
            for origin in ["null", "http://localhost", "https://evil.example"] {
                let answer = try await rig.askAdmin(
                    "POST",
                    "/dev/token",
                    fields: fields + ["Origin: \(origin)"],
                    body: "{}"
                )
                #expect(answer.status == 403)
                #expect(!answer.text.contains("token\":"))
            }
            // What a form can send without being asked.
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
                let answer = try await rig.askAdmin(
                    "POST",
                    "/dev/token",
                    fields: ["Host: localhost", "Content-Type: \(type)"],
                    body: "{}"
                )
                #expect(answer.status == 415)
            }
            #expect(try await rig.askAdmin("POST", "/dev/token", fields: ["Host: localhost"], body: "{}").status == 415)
            #expect(try await rig.askAdmin("GET", "/dev/token").status == 405)
        }
    }

    @Test func developmentModeGivesTokens() async throws {
        struct Given: Decodable { let token: String }
        try await GateRig.run(mode: .development) { rig async throws in
            let fields = ["Host: localhost", "Content-Type: application/json"]
            for body in ["", "{}", #"{"sub":"me","lifetime":60,"scope":"inference"}"#] {
                let answer = try await rig.askAdmin("POST", "/dev/token", fields: fields, body: body)
                #expect(answer.status == 200)
                #expect(answer["x-dev-mode"] == "1")
                let given = try JSONDecoder().decode(Given.self, from: Data(answer.body))
                let chat = try await rig.chat("echo", token: given.token)
                #expect(chat.status == 200)
                #expect(chat["x-dev-mode"] == "1")
            }
            let narrow = try await rig.askAdmin("POST", "/dev/token", fields: fields, body: #"{"scope":"other"}"#)
            let given = try JSONDecoder().decode(Given.self, from: Data(narrow.body))
            #expect(try await rig.chat("echo", token: given.token).status == 403)
            for body in [
                "[]", "x", #"{"sub":1}"#, #"{"sub":""}"#, #"{"lifetime":0}"#, #"{"lifetime":86401}"#,
                #"{"lifetime":"1h"}"#, #"{"scope":["inference"]}"#, #"{"sub":"a","sub":"b"}"#,
            ] {
                #expect(
                    try await rig.askAdmin("POST", "/dev/token", fields: fields, body: body).status == 422,
                    "\(body)"
                )
            }
            let long = String(repeating: " ", count: 70_000)
            #expect(try await rig.askAdmin("POST", "/dev/token", fields: fields, body: long).status == 413)
            // Every refusal carries the mark too, and the first token of the start is good.
            #expect(try await rig.ask("GET", "/x")["x-dev-mode"] == "1")
            let first = try #require(try rig.gate.doors().developmentToken)
            #expect(try await rig.chat("echo", token: first).status == 200)
        }
    }

    // SEC-004
    @Test func developmentModeListensOnLoopbackOnly() async throws {
        await #expect(throws: Running.Failure.self) {
            try await GateRig.run(
                { $0.listen.address = Configuration.Address(host: "0.0.0.0", port: 0) },
                mode: .development
            ) { _ in }
        }
        await #expect(throws: Running.Failure.self) {
            try await GateRig.run({ $0.admin.address = Configuration.Address(host: "0.0.0.0", port: 0) }) { _ in }
        }
    }

    @Test func theSocketFileIsItsOwnersAlone() async throws {
        let path = NSTemporaryDirectory() + "ostiary-\(UInt32.random(in: 0 ... .max)).sock"
        try await GateRig.run({ $0.admin.socket = path }) { rig async throws in
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let line = try RawConnection(path: path)
            line.send("GET /health HTTP/1.1\r\nHost: ostiary\r\n\r\n")
            #expect(try await line.answer().status == 200)
            line.leave()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
