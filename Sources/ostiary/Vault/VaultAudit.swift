import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault audit`
struct VaultAudit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "check the trail of what was done with keys, and print it",
        discussion: """
            every line is under a mark that the line before is part of: a trail in which anything was changed, left out or \
            put elsewhere is refused, with the number of the line

              ostiary vault audit --config ostiary.yaml
              ostiary vault audit --config ostiary.yaml --json | tail

            exit status: 0 when it is as it was written, 65 when it is not
            """
    )

    @Option(help: ArgumentHelp("the configuration that names the folder", valueName: "file"), completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp("the daemon's folder, over daemon.folder", valueName: "folder"),
        completion: .directory
    )
    var folder: String?

    @Flag(help: "print a JSON object a line")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let folder = folder ?? Configuration.daemon(of: config, surroundings: Machine.surroundings).folder
        guard !folder.isEmpty else {
            voice.error("no folder is named")
            voice.hint("name it with --config FILE, or with --folder")
            throw Status.usage
        }
        do throws(StoreFault) {
            let key = try InstallationKey(folder: folder, creates: false).key(for: .audit)
            let lines = try AuditTrail(folder: folder, key: key).read()
            voice.print(lines.map(json ? Self.object : Self.text).joined())
            if !json { voice.hint("the trail is as it was written: \(lines.count) line\(lines.count == 1 ? "" : "s")") }
        } catch {
            voice.error(error.description)
            if let hint = error.hint, case .unsafe = error { voice.hint(hint) }
            if case .damaged = error { throw Status.data }
            throw Status.system
        }
    }

    private static func text(_ line: AuditTrail.Line) -> String {
        let parts = [day(line.time), line.action, line.subject, line.by, line.request]
        return "\(line.number)\t\(parts.map(AnswerStream.plain).joined(separator: "\t"))\n"
    }

    private static func object(_ line: AuditTrail.Line) -> String {
        let json = JSONValue.members(
            ("n", .integer(line.number)),
            ("time", .number(JSONNumber(text: "\(line.time.seconds)"))),
            ("action", .string(line.action)),
            ("subject", .string(line.subject)),
            ("by", .string(line.by)),
            ("request_id", .string(line.request))
        )
        return String(decoding: JSONWriter.write(json), as: UTF8.self) + "\n"
    }

    private static func day(_ time: UnixTime) -> String { "\(Int(max(0, min(time.seconds, 1e12))))" }
}
