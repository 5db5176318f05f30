import ArgumentParser
import OstiaryCore
import OstiaryServer
import Testing

@testable import ostiary

@Suite struct ReloadTests {
    private let door = LoopbackDoor.socket("/run/gate.sock")

    private func report(_ outcome: String, _ members: String = "") -> [String] {
        let text = #"{"outcome":"\#(outcome)","generation":4,"digest":"0123456789ab"\#(members)}"#
        // In pieces, as the network may cut it.
        return [String(text.prefix(11)), String(text.dropFirst(11))]
    }

    private func status(_ gate: FakeGate, _ listener: Listener, isJSON: Bool = false) async throws -> Int32 {
        do {
            try await ReloadRequest(order: ReloadOrder(), door: door).run(gate, isJSON: isJSON, voice: listener.voice())
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        }
    }

    @Test func asksTheDoorWithWhatIsMeant() async throws {
        let gate = FakeGate(pieces: report("good"))
        var order = ReloadOrder()
        order.isDryRun = true
        try await ReloadRequest(order: order, door: door).run(gate, isJSON: false, voice: Listener().voice())
        let request = try #require(gate.asked.first)
        #expect(request.path == "/reload")
        #expect(request.fields == ["Content-Type": "application/json"])
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"dry_run":true,"keys":false}"#)
    }

    @Test func tellsWhatHasChanged() async throws {
        let listener = Listener()
        let members =
            #","changed":["a.b","c\u001b[2J"],"changed_count":3,"waiting_for_restart":["listen.workers"],"#
            + #""warnings":["no key"]"#
        #expect(try await status(FakeGate(pieces: report("applied", members)), listener) == 0)
        #expect(
            listener.out == """
                reloaded: generation 4, 3 keys changed
                  a.b
                  c\u{fffd}[2J
                  and 1 more
                waits for a restart: listen.workers

                """
        )
        #expect(listener.err == "ostiary: warning: no key\n")
    }

    @Test func tellsFaultsAsCheckDoes() async throws {
        let listener = Listener()
        let faults =
            #","faults":[{"file":"g.yaml","line":2,"column":3,"message":"unknown key `x`","hint":"remove it"}]"#
        #expect(try await status(FakeGate(status: 422, pieces: report("refused", faults)), listener) == 2)
        #expect(listener.out == "")
        #expect(
            listener.err == """
                ostiary: error: g.yaml:2:3: unknown key `x`
                ostiary: hint: remove it
                ostiary: error: nothing has changed: the gate goes on with generation 4

                """
        )
    }

    @Test(arguments: [
        ("failed", 422, 71, "key of a: missing"), ("turned_away", 503, 69, "the gate is going down"),
    ])
    func eachEndHasItsStatus(outcome: String, status: Int, code: Int32, reason: String) async throws {
        let listener = Listener()
        let gate = FakeGate(
            status: status,
            pieces: report(outcome, #","reason":"\#(reason)","hint":"mend it"}"#.dropLast(1).description)
        )
        #expect(try await self.status(gate, listener) == code)
        #expect(listener.err.hasPrefix("ostiary: error: \(reason)\nostiary: hint: mend it\n"))
        #expect(listener.err.hasSuffix("goes on with generation 4\n"))
    }

    @Test func otherAnswersAreNoOutcome() async throws {
        for (gate, code) in [
            (FakeGate(failure: .unreachable), 69 as Int32), (FakeGate(status: 404, pieces: ["{}"]), 76),
            (FakeGate(status: 503, pieces: [#"{"error":{}}"#]), 69), (FakeGate(pieces: ["<html>"]), 76),
        ] {
            #expect(try await status(gate, Listener()) == code)
        }
    }

    @Test func printsTheOutcomeAsJSON() async throws {
        let listener = Listener()
        #expect(try await status(FakeGate(status: 422, pieces: report("refused")), listener, isJSON: true) == 2)
        #expect(listener.out.contains("\"outcome\": \"refused\""))
        #expect(listener.err == "")
    }
}
