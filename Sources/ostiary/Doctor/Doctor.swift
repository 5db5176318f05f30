import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary doctor`: finds what keeps a gate or its clients from working, and says which command repairs it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "find what keeps a gate or its clients from working",
        discussion: """
            it looks at the files and who may read them, the configuration, the clock, the issuers' keys, the doors, the \
            gate that may stand there, and the variables that lead clients past it; nothing is changed

              ostiary doctor --config ostiary.yaml
              ostiary doctor --json

            exit status, by the worst that was found
              0   all is well
              1   it works, and not as it should
              2   the configuration is wrong
              69  something over the network does not answer
              71  the system is in the way: permissions, ports
            """
    )

    @Option(help: ArgumentHelp("the configuration file", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("the gate's public door, as clients know it", valueName: "url"))
    var url = "http://127.0.0.1:8080"

    @Flag(help: "for a gate in development mode")
    var devMode = false

    @Flag(help: "print the findings as JSON")
    var json = false

    func run() async throws {
        guard let gate = GateURL(url) else {
            throw ValidationError("--url must be https, or http on this machine. Such as http://127.0.0.1:8080")
        }
        let surroundings = Machine.surroundings
        let examination = Examination(
            Configuration.Source(file: config),
            mode: devMode ? .development : .serving,
            surroundings: surroundings
        )
        var findings = await examination.findings()
        findings += Self.clients(Machine.variables, gate)
        let worst = findings.map(\.grade).max() ?? .good
        let voice = Voice.standard
        voice.print(json ? Self.json(findings, worst) : Self.text(findings))
        if let status = Self.status(of: worst) { throw status }
    }

    /// What leads clients past the gate: the variables of this shell, and Claude Code's settings.
    static func clients(_ variables: [String: String], _ gate: GateURL) -> [Finding] {
        let files = ClaudeCodeFiles(variables: variables)
        let helper = HelperCommand(client: "claude-code", program: HelperCommand.program(path: variables["PATH"]))
        // Only the address is compared: a helper may be spelled in many ways.
        let settings = ConnectClaudeCode.settings(gate, .helper(helper), otherModels: false)
            .filter { $0.path.last == "ANTHROPIC_BASE_URL" }
        var conflicts = files.conflicts(with: settings, in: .user, isLoopback: gate.isLoopback)
        conflicts += Conflict.ofOpenAI(variables, url: gate.openAI, isLoopback: false)
        guard !conflicts.isEmpty else {
            return [Finding(.clients, .good, "nothing leads clients past the gate")]
        }
        return conflicts.map { Finding(.clients, .warning, $0.sentence, remedy: $0.remedy) }
    }

    static func status(of worst: Finding.Grade) -> ExitCode? {
        switch worst {
        case .good: nil
        case .warning: Status.declined
        case .unreachable: Status.unavailable
        case .system: Status.system
        case .configuration: Status.usage
        }
    }

    /// One line a finding, with the command that repairs it below.
    static func text(_ findings: [Finding]) -> String {
        var lines: [String] = []
        for area in Finding.Area.allCases {
            for finding in findings where finding.area == area {
                let mark =
                    switch finding.grade {
                    case .good: "ok     "
                    case .warning: "warning"
                    case .unreachable, .system, .configuration: "error  "
                    }
                let name = area.rawValue + String(repeating: " ", count: 13 - area.rawValue.count)
                lines.append("\(mark)  \(name)  \(AnswerStream.plain(finding.sentence))")
                if finding.grade != .good, let remedy = finding.remedy {
                    lines.append(String(repeating: " ", count: 24) + AnswerStream.plain(remedy))
                }
            }
        }
        let bad = findings.count { $0.grade > .warning }
        let odd = findings.count { $0.grade == .warning }
        lines += ["", bad + odd == 0 ? "all is well" : "\(Voice.count(bad, "error")), \(Voice.count(odd, "warning"))"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func json(_ findings: [Finding], _ worst: Finding.Grade) -> String {
        let outcome = JSONObject(members: [
            .init(name: "worst", value: .string(worst.name)),
            .init(name: "findings", value: .array(findings.map(\.json))),
        ])
        return JSONText.pretty(.object(outcome)) + "\n"
    }
}
