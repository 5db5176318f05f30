import Foundation
import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryServer

// SEC-705
@Suite struct ReloadTests {
    @Test func takesTheNewConfigurationAtOnce() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat("public-name").status == 200)
            #expect(rig.lastAsked.contains(#""model":"upstream-name""#))
            rig.clock.advance(5)
            let report = await rig.reload { configuration in
                configuration.models = [GateRig.model("public-name", "main", upstream: "newer")]
                configuration.listen.origins = ["https://app.example"]
            }
            #expect(report.outcome == .applied)
            #expect(report.generation == 2)
            #expect(report.changed == ["listen.origins", "models.public-name.name", "models.echo*", "models.*"])
            #expect(try await rig.chat("public-name").status == 200)
            #expect(rig.lastAsked.contains(#""model":"newer""#))
            #expect(try await rig.chat("m").status == 404)
            let fields = ["Origin: https://app.example"]
            let answer = try await rig.chat("public-name", fields: fields)
            #expect(answer["access-control-allow-origin"] == "https://app.example")
            let health = try await rig.ask("GET", "/health").text
            #expect(health.contains(#""configuration":{"generation":2,"loaded_at":1800000005}"#))
            #expect(try await rig.metric("gw_config_generation") == 2)
            #expect(try await rig.metric("gw_config_last_success_timestamp_seconds") == 1_800_000_005)
            #expect(try await rig.metric(#"gw_reloads_total{outcome="applied"}"#) == 1)
        }
    }

    @Test func aFileWithFaultsChangesNothingAndSaysWhy() async throws {
        try await GateRig.run { rig async throws in
            rig.desk.put(GateRig.fault(), GateRig.fault("`limits.burst` must be a whole number"))
            let report = await rig.gate.reloading.reload()
            #expect(report.outcome == .refused)
            #expect(report.generation == 1)
            #expect(report.faults.map(\.description).first == "ostiary.yaml:3:1: unknown key `limit`")
            #expect(report.faults.count == 2)
            #expect(try await rig.chat("public-name").status == 200)
            #expect(try await rig.metric("gw_config_generation") == 1)
            #expect(try await rig.metric("gw_config_last_reload_successful") == 0)
            #expect(try await rig.metric(#"gw_reloads_total{outcome="refused"}"#) == 1)
            try await wait(for: "the log") {
                rig.log.text.contains("ostiary.yaml:3:1: unknown key `limit`")
                    && rig.log.text.contains("the configuration has faults and nothing has changed")
            }
            // Mended, it is taken.
            #expect(await rig.reload().outcome == .applied)
            #expect(try await rig.metric("gw_config_last_reload_successful") == 1)
        }
    }

    @Test(arguments: ["secret", "hash", "port", "issuer"])
    func whatCannotBeHadChangesNothing(which: String) async throws {
        let taken = try Socket.listen()
        defer { taken.socket.end() }
        try await GateRig.run { rig async throws in
            let report = await rig.reload { configuration in
                // Everything else of it would be good.
                configuration.limits.requestsPerMinute = 1
                configuration.limits.burst = 1
                configuration.listen.limits.body = 1024
                configuration.models = []
                configuration.journal.log = .text
                switch which {
                case "secret": configuration.providers[0].key = .environment("NOT_SET")
                case "hash": configuration.identity.hashKey = .file("/nowhere/hash")
                case "port": configuration.listen.address = .init(host: "127.0.0.1", port: UInt16(taken.port))
                default: configuration.identity.jwt.append(configuration.identity.jwt[0])
                }
            }
            #expect(report.outcome == .failed)
            #expect(report.generation == 1)
            #expect(report.reason?.isEmpty == false)
            for _ in 0..<3 { #expect(try await rig.chat("public-name").status == 200) }
            #expect(try await rig.chat("m", fields: ["X: \(String(repeating: "x", count: 2000))"]).status == 200)
            #expect(try await rig.metric(#"gw_reloads_total{outcome="failed"}"#) == 1)
            #expect(try await rig.metric("gw_config_generations_in_use") == 1)
            try await wait(for: "the log") { rig.log.events.contains { $0.message.contains("was not reloaded") } }
        }
    }

    @Test func aDryRunChangesNothing() async throws {
        try await GateRig.run { rig async throws in
            var order = ReloadOrder()
            order.isDryRun = true
            let report = await rig.reload(order) { configuration in
                configuration.limits.requestsPerMinute = 1
                configuration.limits.burst = 1
                configuration.identity.jwt[0].audiences = ["elsewhere"]
                configuration.listen.workers = 7
            }
            #expect(report.outcome == .good)
            #expect(report.generation == 1)
            #expect(
                report.changed == [
                    "identity.jwt[0].audiences", "limits.requests_per_minute", "limits.burst",
                ]
            )
            #expect(report.waiting == ["listen.workers"])
            for _ in 0..<3 { #expect(try await rig.chat().status == 200) }
            let bad = await rig.reload(order) { $0.providers[0].key = .environment("NOT_SET") }
            #expect(bad.outcome == .failed)
            #expect(try await rig.metric("gw_config_last_reload_successful") == 0)
        }
    }

    @Test func keysThatWaitForARestartDoNotHoldUpTheRest() async throws {
        try await GateRig.run { rig async throws in
            let report = await rig.reload { configuration in
                configuration.listen.workers = 7
                configuration.models = [GateRig.model("only", "main")]
            }
            #expect(report.outcome == .applied)
            #expect(report.waiting == ["listen.workers"])
            #expect(rig.gate.configuration.listen.workers == 1)
            #expect(try await rig.chat("only").status == 200)
            #expect(try await rig.metric("gw_config_waiting_for_restart") == 1)
            let health = try await rig.askAdmin("GET", "/health").text
            #expect(health.contains(#""waiting_for_restart":["listen.workers"]"#))
            #expect(try await rig.askAdmin("GET", "/admin/stats").text.contains(#""configuration":{"generation":2"#))
            // Taken back, nothing waits any more.
            #expect(await rig.reload().waiting == [])
        }
    }

    @Test func oneAtATime() async throws {
        try await GateRig.run { rig async throws in
            let reports = await withTaskGroup(of: ReloadReport.self) { group in
                for _ in 0..<50 { group.addTask { await rig.gate.reloading.reload() } }
                return await group.reduce(into: [ReloadReport]()) { $0.append($1) }
            }
            #expect(reports.allSatisfy { $0.outcome == .applied })
            // Each was answered by a reading that began after it had asked, and no two ran side by side.
            #expect(rig.desk.reads == rig.gate.rooms.generation.number - 1)
            #expect((1...50).contains(rig.desk.reads))
            #expect(Set(reports.map(\.generation)).count == rig.desk.reads)
        }
    }

    @Test func tooManyAreTurnedAway() async throws {
        try await GateRig.run { rig async throws in
            let slow = try KeySetHost(.hang)
            // A new issuer that does not answer keeps the first one busy.
            let first = Task {
                await rig.reload { configuration in
                    var second = configuration.identity.jwt[0]
                    second.issuer = "https://slow.example"
                    second.jwks = .url(slow.url)
                    configuration.identity.jwt.append(second)
                }
            }
            try await slow.fetches(1)
            let others = (0..<Reloading.mostWaiting).map { _ in Task { await rig.gate.reloading.reload() } }
            try await wait(for: "the others to wait") { rig.gate.reloading.waiting == Reloading.mostWaiting }
            #expect(try await rig.metric("gw_reloads_waiting") == Double(Reloading.mostWaiting))
            let turnedAway = await rig.gate.reloading.reload()
            #expect(turnedAway.outcome == .turnedAway)
            #expect(turnedAway.generation == 1)
            rig.clock.advance(5)
            #expect(await first.value.outcome == .applied)
            for other in others { #expect(await other.value.generation == 3) }
            #expect(rig.gate.reloading.waiting == 0)
            slow.stop()
        }
    }

    @Test func noneBeginsWhileTheGateGoesDown() async throws {
        try await GateRig.run { rig async throws in
            await rig.gate.beginShutdown()
            let report = await rig.reload { $0.models = [] }
            #expect(report.outcome == .turnedAway)
            #expect(report.reason == "the gate is going down")
            #expect(rig.desk.reads == 0)
            #expect(try await rig.chat().status == 200)
            let answer = try await rig.askAdmin(
                "POST",
                "/reload",
                fields: ["Host: localhost", "Content-Type: application/json"]
            )
            #expect(answer.status == 503)
        }
    }

    @Test func oneThatIsUnderWayGivesUpWhenTheGateGoesDown() async throws {
        try await GateRig.run { rig async throws in
            let slow = try KeySetHost(.hang)
            let reload = Task {
                await rig.reload { configuration in
                    configuration.models = []
                    configuration.identity.jwt[0].jwks = .url(slow.url)
                }
            }
            try await slow.fetches(1)
            await rig.gate.beginShutdown()
            rig.clock.advance(5)
            #expect(await reload.value.outcome == .turnedAway)
            #expect(rig.gate.rooms.generation.number == 1)
            #expect(try await rig.chat().status == 200)
            slow.stop()
        }
    }

    @Test func logLinesLookAsTheNewConfigurationSays() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.chat().status == 200)
            await rig.reload { configuration in
                configuration.journal.log = .text
                configuration.journal.level = .error
            }
            let before = rig.log.lines.count
            #expect(try await rig.chat().status == 200)
            await rig.reload { $0.journal.level = .info }
            #expect(try await rig.chat().status == 200)
            try await wait(for: "lines of text") { rig.log.lines.dropFirst(before).contains { !$0.hasPrefix("{") } }
            #expect(rig.log.entries.filter { $0.route == "/v1/chat/completions" }.count == 1)
        }
    }
}
