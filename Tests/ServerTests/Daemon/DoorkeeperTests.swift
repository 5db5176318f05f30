import Foundation
import OstiaryCore
import OstiaryTesting
import OstiaryVault
import Testing

@testable import OstiaryServer

@Suite struct DoorkeeperTests {
    // SEC-208, SEC-604
    @Test func `without a token, and with any that is wrong, the same is said`() async throws {
        try await DaemonDesk.run { desk async throws in
            var seen: Set<String> = []
            for token in [nil, "", "x", DaemonDesk.token + "x", String(DaemonDesk.token.dropLast())] {
                let answer = try await desk.ask("GET", "/providers", token: token)
                #expect(answer.status == 401)
                #expect(answer["www-authenticate"] == "Bearer realm=\"ostiary\"")
                seen.insert(answer.json?["detail"]?.string ?? "")
            }
            #expect(seen.count == 1)
            let basic = try await desk.ask(
                "GET",
                "/providers",
                token: nil,
                fields: ["Authorization: Basic \(DaemonDesk.token)"]
            )
            #expect(basic.status == 401)
            let lower = try await desk.ask(
                "GET",
                "/providers",
                token: nil,
                fields: ["Authorization: bearer \(DaemonDesk.token)"]
            )
            #expect(lower.status == 200)
        }
    }

    @Test func `ten wrong tokens are one machine's share, then one a second, and the right one is never counted`()
        async throws
    {
        try await DaemonDesk.run { desk async throws in
            for attempt in 0..<10 {
                #expect(try await desk.ask("GET", "/providers", token: "wrong-\(attempt)").status == 401)
            }
            let answer = try await desk.ask("GET", "/providers", token: "wrong")
            #expect(answer.status == 429)
            #expect(answer.problem == "too_many_failures")
            #expect(answer["retry-after"] == "1")
            #expect(try await desk.ask("GET", "/providers").status == 200)
            desk.rig.clock.advance(1)
            #expect(try await desk.ask("GET", "/providers", token: "wrong").status == 401)
            #expect(try await desk.ask("GET", "/providers", token: "wrong").status == 429)
            #expect(try await desk.rig.metric("gw_admin_failures_refused_total") == 2)
        }
    }

    @Test func `every call says who may make it, and none of the keys' calls is for anybody`() async throws {
        let open = AdminRoutes.all.filter { $0.access == .anybody }.map(\.path)
        #expect(
            Set(open) == [
                "/health", "/ready", "/metrics", "/admin/stats", "/admin/upstreams", "/reload", "/dev/token",
                "/openapi.json",
            ]
        )
        try await DaemonDesk.run { desk async throws in
            for route in AdminRoutes.all where route.access != .anybody {
                let path = route.path.replacingOccurrences(of: "{id}", with: "openai")
                let answer = try await desk.ask(route.method.rawValue, path, token: nil)
                // Ten of them, then the bound on guessing.
                #expect([401, 429].contains(answer.status), "\(route.method.rawValue) \(route.path)")
            }
        }
    }

    @Test func `a page of a listed origin may call, and no other`() async throws {
        try await DaemonDesk.run({ $0.daemon.origins = ["https://app.example"] }) { desk async throws in
            let good = try await desk.ask("GET", "/providers", fields: ["Origin: https://app.example"])
            #expect(good.status == 200)
            #expect(good["access-control-allow-origin"] == "https://app.example")
            for origin in ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"] {
                let bad = try await desk.ask("GET", "/providers", fields: ["Origin: \(origin)"])
                #expect(bad.status == 403)
                #expect(bad.problem == "origin_not_allowed")
                #expect(bad["access-control-allow-origin"] == nil)
            }
            let preflight = try await desk.ask(
                "OPTIONS",
                "/credentials/openai",
                token: nil,
                fields: ["Origin: https://app.example", "Access-Control-Request-Method: DELETE"]
            )
            #expect(preflight.status == 204)
            #expect(preflight["access-control-allow-methods"] == "GET, HEAD, POST, PUT, DELETE")
            let foreign = try await desk.ask("GET", "/providers", fields: ["Host: evil.example"])
            #expect(foreign.status == 400)
        }
    }

    @Test func `the socket file's user needs no token, and a wrong one is still wrong`() async throws {
        let path = NSTemporaryDirectory() + "ostiary-\(UInt32.random(in: 0 ... .max)).sock"
        try await DaemonDesk.run({ $0.admin.socket = path }) { desk async throws in
            for (fields, status) in [("", 200), ("Authorization: Bearer wrong\r\n", 401)] {
                let line = try RawConnection(path: path)
                line.send("GET /providers HTTP/1.1\r\nHost: ostiary\r\n\(fields)\r\n")
                #expect(try await line.answer().status == status)
                line.leave()
            }
        }
    }

    // SEC-402
    @Test func `the first start makes a token, whose hash alone stays`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("first-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var tokens: [String] = []
        for _ in 0..<2 {
            try await DaemonDesk.run({ configuration in
                configuration.daemon.token = nil
                configuration.daemon.folder = folder
                configuration.daemon.tokenFile = folder + "/token"
            }) { desk async throws in
                let text = try String(contentsOfFile: folder + "/token", encoding: .utf8)
                let token = text.trimmingCharacters(in: .newlines)
                tokens.append(token)
                #expect(token.hasPrefix("ostd_"))
                #expect(try await desk.ask("GET", "/providers", token: token).status == 200)
                #expect(!desk.rig.log.text.contains(token))
            }
        }
        #expect(tokens[0] == tokens[1])
        for name in ["tokens.json", "token", "installation.key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        #expect(!(try String(contentsOfFile: folder + "/tokens.json", encoding: .utf8)).contains(tokens[0]))
        // Without the copy for its user the token is good all the same.
        try FileManager.default.removeItem(atPath: folder + "/token")
        try await DaemonDesk.run({ configuration in
            configuration.daemon.token = nil
            configuration.daemon.folder = folder
            configuration.daemon.tokenFile = folder + "/token"
        }) { desk async throws in
            #expect(try await desk.ask("GET", "/providers", token: tokens[0]).status == 200)
            #expect(!FileManager.default.fileExists(atPath: folder + "/token"))
        }
    }

    @Test func `a token without the scope reads no key`() throws {
        let caller = AdminCaller.token("narrow", scopes: [])
        #expect(!caller.has(AdminTokens.readScope))
        #expect(AdminCaller.owner.has(AdminTokens.readScope))
        #expect(!AdminCaller.anybody.has(AdminTokens.readScope))
    }
}
