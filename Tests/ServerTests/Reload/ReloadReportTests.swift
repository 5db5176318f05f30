import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct ReloadReportTests {
    @Test func isReadAsItWasWritten() throws {
        var report = ReloadReport(
            .refused,
            Generation(Configuration(), number: 3, waiting: ["listen.workers"], since: UnixTime(seconds: 5))
        )
        report.setChanged((0..<150).map { "models.m\($0)" })
        report.warnings = ["a warning"]
        report.faults = [
            GateRig.fault(),
            .init(place: .variable("ISSUER"), message: "ISSUER is wrong"),
            .init(place: .flag("--listen"), message: "--listen is wrong", hint: "h"),
            .init(place: .nowhere, message: "there is no file"),
        ]
        report.reason = "because"
        report.hint = "do"
        report.seconds = 0.25
        #expect(report.changed.count == 100)
        #expect(report.changedCount == 150)
        let bytes = JSONWriter.write(report.json)
        #expect(ReloadReport(try JSONReader.read(bytes.span)) == report)
        #expect(ReloadReport(.members(("outcome", .string("eaten")))) == nil)
        #expect(ReloadReport(.null) == nil)
    }

    // What an operator's page or a neighbour's form may send.
    @Test(arguments: [
        ("", 200), ("{}", 200), (#"{"dry_run":true}"#, 200), (#"{"dry_run":true,"keys":true}"#, 200), ("[]", 422),
        (#"{"dry_run":1}"#, 422), (#"{"dryrun":true}"#, 422), (#"{"dry_run":true,"dry_run":false}"#, 422), ("x", 422),
        (String(repeating: " ", count: 70_000), 413),
    ])
    func theDoorTakesOrdersOfThisForm(body: String, status: Int) async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.askAdmin(
                "POST",
                "/reload",
                fields: ["Host: localhost", "Content-Type: application/json"],
                body: body
            )
            #expect(answer.status == status)
            let isDryRun = body.contains(#""dry_run":true"#)
            #expect(rig.gate.rooms.generation.number == (status == 200 && !isDryRun ? 2 : 1))
        }
    }

    @Test(arguments: [
        (["Host: evil.example", "Content-Type: application/json"], 400),
        (["Host: localhost", "Content-Type: application/json", "Origin: null"], 403),
        (["Host: localhost", "Content-Type: application/json", "Origin: http://localhost:8123"], 403),
        (["Host: localhost", "Content-Type: text/plain"], 415),
        (["Host: localhost", "Content-Type: application/x-www-form-urlencoded"], 415),
        (["Host: localhost"], 415),
    ])
    func noPageCanAskForIt(fields: [String], status: Int) async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.askAdmin("POST", "/reload", fields: fields, body: "{}").status == status)
            #expect(try await rig.askAdmin("GET", "/reload").status == 405)
            #expect(rig.desk.reads == 0)
            #expect(try await rig.ask("POST", "/reload", token: rig.token(), body: "{}").status == 404)
        }
    }

    @Test func theDoorTellsFaultsWithTheirPlaces() async throws {
        try await GateRig.run { rig async throws in
            rig.desk.put(GateRig.fault())
            let answer = try await rig.askAdmin(
                "POST",
                "/reload",
                fields: ["Host: localhost", "Content-Type: application/json"]
            )
            #expect(answer.status == 422)
            let report = try #require(ReloadReport(try JSONReader.read(answer.body.span)))
            #expect(report.outcome == .refused)
            #expect(report.faults == [GateRig.fault()])
            #expect(report.generation == 1)
        }
    }
}
