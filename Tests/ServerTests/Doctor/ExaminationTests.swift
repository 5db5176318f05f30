import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct ExaminationTests {
    /// An admin door that answers as it was told.
    private struct Door: LoopbackClient {
        var answers: [String: (Int, String)] = [:]

        func get(
            _ path: String,
            from door: LoopbackDoor,
            piece: @escaping @Sendable ([UInt8]) -> Void
        ) async throws(LoopbackFailure) -> Int {
            guard let (status, body) = answers[path] else { throw .unreachable }
            piece(Array(body.utf8))
            return status
        }

        func post(
            _ path: String,
            to door: LoopbackDoor,
            fields: [(name: String, value: String)],
            body: [UInt8],
            piece: @escaping @Sendable ([UInt8]) -> Void
        ) async throws(LoopbackFailure) -> Int {
            throw .unreachable
        }
    }

    private static let keys = TestIssuer.keySet(TestIssuer())

    /// What is found of a folder with these files, by area.
    private func findings(
        _ configuration: String,
        keys: String? = ExaminationTests.keys,
        modes: [String: Int] = [:],
        door: Door = Door(),
        now: Double = Date().timeIntervalSince1970
    ) async throws -> [Finding] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("doctor-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var files = ["gate.yaml": configuration, "provider.key": "sk-1"]
        files["keys.json"] = keys
        for (name, text) in files {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            let mode = modes[name] ?? (name == "provider.key" ? 0o600 : 0o644)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name)")
        }
        let examination = Examination(
            Configuration.Source(file: "\(folder)/gate.yaml", flags: [:]),
            surroundings: .machine(variables: [:]),
            clock: ManualClock(now: now),
            client: door
        )
        return await examination.findings()
    }

    private static func configuration(listen: Int = 0, admin: Int = 0) -> String {
        """
        identity: {jwt: [{issuer: https://idp.example, jwks: "file:keys.json", audiences: [a]}]}
        providers: {local: {kind: openai, base_url: "http://127.0.0.1:9", key: "file:provider.key"}}
        listen: {address: "127.0.0.1:\(listen)"}
        admin: {address: "127.0.0.1:\(admin)"}

        """
    }

    @Test func findsNothingWhereAllIsWell() async throws {
        let findings = try await findings(Self.configuration())
        #expect(findings.allSatisfy { $0.grade == .good }, "\(findings)")
        #expect(Set(findings.map(\.area)) == [.configuration, .files, .clock, .keys, .gate])
        #expect(findings.contains { $0.area == .keys && $0.sentence.contains("1 key can be used") })
    }

    @Test func everyFaultOfAFileHasItsCommand() async throws {
        let modes = ["provider.key": 0o644, "gate.yaml": 0o666, "keys.json": 0o664]
        let bad = try await findings(Self.configuration(), modes: modes).filter { $0.area == .files }
        #expect(bad.count == 3)
        #expect(bad.allSatisfy { $0.grade == .system })
        #expect(bad.compactMap(\.remedy).map { String($0.prefix(10)) } == ["chmod go-w", "chmod 600 ", "chmod go-w"])
    }

    @Test func theAdminSocketIsNobodyElses() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("s-\(UUID().uuidString)").path
        #expect(FileSight(path: path, role: .socket).findings.isEmpty)
        #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o666]))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileSight(path: path, role: .socket).findings.first?.remedy == "chmod 600 '\(path)'")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(FileSight(path: path, role: .socket).findings.isEmpty)
    }

    @Test func keysMustBeThereAndUsable() async throws {
        for (keys, part) in [
            (nil, "cannot be had: unreachable"), ("no", "is no key set"), (#"{"keys":[]}"#, "can be used with ES256"),
        ] as [(String?, String)] {
            let findings = try await findings(Self.configuration(), keys: keys)
            let finding = findings.first { $0.area == .keys }
            #expect(finding?.grade == .unreachable || finding == nil)
            // A file that is missing is a fault of the configuration already.
            if let finding { #expect(finding.sentence.contains(part), "\(finding.sentence)") }
            #expect(findings.contains { $0.grade > .warning && $0.remedy != nil })
        }
    }

    @Test func aConfigurationWithFaultsIsTheWorst() async throws {
        let findings = try await findings("identity: {}\nproviders: {a: {kind: x}}\n")
        #expect(findings.map(\.grade).max() == .configuration)
        #expect(findings.contains { $0.area == .configuration && $0.sentence.contains("gate.yaml:2:") })
    }

    @Test func portsAreFreeOrTakenByAGate() async throws {
        let taken = try Socket.listen()
        let text = Self.configuration(listen: taken.port)
        let alone = try await findings(text).first { $0.area == .doors }
        #expect(alone?.grade == .system)
        #expect(alone?.remedy == "ss -ltnp 'sport = :\(taken.port)'")
        let health = #"{"status":"ok","version":"0.1.0","protocol_version":1,"configuration":{"digest":"x"},"pid":7}"#
        let gate = Door(answers: ["/health": (200, health), "/ready": (503, "{}")])
        let findings = try await findings(text, door: gate)
        #expect(findings.first { $0.area == .doors }?.grade == .good)
        let said = findings.filter { $0.area == .gate }
        #expect(said.map(\.grade) == [.good, .unreachable, .warning])
        #expect(said.first?.sentence.hasSuffix("(pid 7, version 0.1.0)") == true)
        #expect(said.last?.remedy?.hasPrefix("ostiary reload --config ") == true)
        let stranger = try await self.findings(text, door: Door(answers: ["/health": (200, "<html>")]))
        #expect(stranger.contains { $0.area == .gate && $0.grade == .system })
    }

    @Test func theClockMustBePlausible() async throws {
        #expect(
            try await findings(Self.configuration(), now: 1_000).contains { $0.area == .clock && $0.grade == .system }
        )
        let behind = try await findings(Self.configuration(), now: Date().timeIntervalSince1970 - 3_600)
        #expect(behind.contains { $0.area == .clock && $0.grade == .warning })
    }
}
