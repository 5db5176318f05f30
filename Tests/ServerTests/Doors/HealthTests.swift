import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct HealthTests {
    @Test func tellsHowItIs() async throws {
        try await GateRig.run { rig async throws in
            rig.clock.advance(31)
            let answer = try await rig.ask("GET", "/health")
            #expect(answer.status == 200)
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["content-type"] == "application/json")
            #expect(
                answer.text
                    == #"{"status":"ok","version":"\#(Version.current)","protocol_version":1,"sealed":"off","#
                    + #""configuration":{"generation":1,"loaded_at":1800000000},"#
                    + #""keys":{"usable":1,"age_seconds":31,"stale":false}}"#
            )
            #expect(try await rig.ask("GET", "/ready").text.hasPrefix(#"{"status":"ready","#))
            let head = try await rig.ask("HEAD", "/health")
            #expect(head["content-length"] == "\(answer.body.count)")
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    @Test func tellsThatItGoesDown() async throws {
        try await GateRig.run { rig async throws in
            let (idle, silent) = (try rig.client(), try rig.client())
            for line in [idle, silent] {
                line.send(rig.request("GET", "/health"))
                #expect(try await line.answer().status == 200)
            }
            await rig.gate.beginShutdown()
            // Who sends on a connection that was kept is answered, and told that it is over.
            idle.send(rig.request("GET", "/health"))
            let told = try await idle.answer()
            #expect(told.status == 503)
            #expect(told["connection"] == "close")
            try await idle.receiveEnd()
            for target in ["/health", "/ready"] {
                let answer = try await rig.ask("GET", target)
                #expect(answer.status == 503)
                #expect(answer.text == #"{"status":"draining"}"#)
                #expect(answer["connection"] == "close")
                #expect(try await rig.askAdmin("GET", target).status == 503)
            }
            // Who has not noticed yet is still served.
            #expect(try await rig.chat().status == 200)
            #expect(try await silent.staysSilent(milliseconds: 20))
            // One of the last that are let in is waited for, for a moment.
            let (late, never) = (try rig.client(), try rig.client())
            await rig.gate.stopAccepting()
            rig.gate.closeIdle()
            try await silent.receiveEnd()
            late.send(rig.chatRequest())
            #expect(try await late.answer().status == 200)
            try await late.receiveEnd()
            #expect(try await never.staysSilent(milliseconds: 20))
            try await rig.pass(2.1)
            try await never.receiveEnd()
        }
    }

    @Test func oneIssuersOutageIsNoReasonToLeaveTheOthersAlone() async throws {
        let issuer = TestIssuer()
        let change: (inout Configuration) -> Void = { configuration in
            var second = configuration.identity.jwt[0]
            second.issuer = "https://second.example"
            second.jwks = .file("/nowhere/keys.json")
            configuration.identity.jwt.append(second)
        }
        try await GateRig.run(change, issuer: issuer) { rig async throws in
            #expect(try await rig.ask("GET", "/ready").status == 200)
            #expect(try await rig.chat().status == 200)
        }
    }
}
