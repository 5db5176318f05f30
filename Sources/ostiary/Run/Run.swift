import ArgumentParser
import OstiaryCore
import OstiarySupervisor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `ostiary run -- COMMAND`: runs a program with keys that are lent to it, and looks after it.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "run a program with keys that are lent to it",
        discussion: """
            NAME is the variable that tells the program where its key is, or holds it; SOURCE is written as in the \
            configuration, such as vault:openai or env:MY_KEY. Take --as-descriptor or --as-file where the program can \
            read a file, and --as-variable only where it cannot: a variable is seen by all that the program starts

            the program sees PATH, HOME, the language, proxies and certificates of this environment, and what --pass \
            names; everything it starts ends with it, and with this command

              ostiary run --as-variable OPENAI_API_KEY=vault:openai --config ostiary.yaml -- python app.py
              ostiary run --as-file KEY_FILE=vault:openai --config ostiary.yaml --on-rotation hup -- ./server
              ostiary run --restart on-failure --port 8000 --health /health -- ./server

            exit status
              2    the command line or the configuration is wrong
              125  a key cannot be had, or the system refuses
              127  there is no such program
              any  other is the program's own; 128 and the number of the signal that ended it
            """
    )

    enum Restart: String, ExpressibleByArgument, CaseIterable {
        case never
        case onFailure = "on-failure"
        case always
    }

    enum OnRotation: String, ExpressibleByArgument, CaseIterable {
        case ignore, hup, restart, overlap
    }

    @Option(help: ArgumentHelp("lend a key as a descriptor: the variable holds its path", valueName: "name=source"))
    var asDescriptor: [String] = []

    @Option(help: ArgumentHelp("lend a key as a file in memory: the variable holds its path", valueName: "name=source"))
    var asFile: [String] = []

    @Option(help: ArgumentHelp("lend a key in the variable itself", valueName: "name=source"))
    var asVariable: [String] = []

    @Option(
        help: ArgumentHelp("the configuration that names the store of vault: keys", valueName: "file"),
        completion: .file()
    )
    var config: String?

    @Option(help: ArgumentHelp("pass on this variable of the environment too", valueName: "name"))
    var pass: [String] = []

    @Flag(help: "pass on the whole environment, but for variables that keys are taken from")
    var passAll = false

    @Option(help: ArgumentHelp("start it again: never, on-failure or always", valueName: "when"))
    var restart = Restart.never

    @Option(
        help: ArgumentHelp("what to do when a key is another one: ignore, hup, restart or overlap", valueName: "what")
    )
    var onRotation = OnRotation.ignore

    @Option(help: ArgumentHelp("how often to look for another key", valueName: "seconds"))
    var refresh = 60.0

    @Option(help: ArgumentHelp("the port of 127.0.0.1 that it listens on; 0 chooses one", valueName: "port"))
    var port: UInt16?

    @Option(help: ArgumentHelp("the variable that tells it the port", valueName: "name"))
    var portVariable = "PORT"

    @Option(help: ArgumentHelp("what answers 200 there when it is well", valueName: "path"))
    var health: String?

    @Option(
        help: ArgumentHelp("start it again when it has more memory than this, with all it started", valueName: "mib")
    )
    var memory: Int?

    @Option(help: ArgumentHelp("how long it may take to end before it is killed", valueName: "seconds"))
    var grace = 5.0

    @Flag(help: "read what it says and take its keys out; it then writes to no terminal")
    var scrub = false

    @Flag(help: "say what would be run and run nothing")
    var dryRun = false

    @Argument(parsing: .postTerminator, help: "the program and its arguments, behind --")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("there is no program to run. Such as ostiary run -- env") }
        guard refresh >= 1, refresh <= 86_400 else { throw ValidationError("--refresh is 1 to 86400 seconds") }
        guard grace >= 0, grace <= 3600 else { throw ValidationError("--grace is 0 to 3600 seconds") }
        guard memory.map({ (1...1 << 24).contains($0) }) ?? true else {
            throw ValidationError("--memory is 1 to 16777216 MiB")
        }
        guard health == nil || port != nil else { throw ValidationError("--health needs a port. Add --port") }
        guard health?.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) ?? true, health?.hasPrefix("/") ?? true else {
            throw ValidationError("--health is a path. Such as /health")
        }
        guard ChildEnvironment.isName(portVariable) else {
            throw ValidationError("--port-variable is no variable's name")
        }
        guard onRotation != .hup || !asFile.isEmpty else {
            throw ValidationError(
                "--on-rotation hup needs a key that can change under the program. Lend it with --as-file"
            )
        }
        if let name = pass.first(where: { !ChildEnvironment.isName($0) }) {
            throw ValidationError("--pass: '\(AnswerStream.plain(name))' is no variable's name")
        }
    }

    func run() async throws {
        let voice = Voice.standard
        do {
            let lending = try Lending(items(), config: config)
            let plan = try plan(lending)
            if dryRun { return voice.print(Self.shown(plan, lending, refresh)) }
            let holders = try await lending.read()
            let order = ChildOrder(label: command[0], plan: plan, secrets: try lending.lent(holders))
            throw try await RunSession(order, lending, holders, refresh: refresh, voice: voice).run()
        } catch let trouble as Lending.Trouble {
            voice.error(trouble.sentence)
            if let hint = trouble.hint { voice.hint(hint) }
            throw RunStatus.own
        } catch let fault as SupervisorFault {
            throw RunSession.tell(fault, voice)
        }
    }

    private func items() throws -> [Lending.Item] {
        do {
            return try asDescriptor.map { try Lending.Item($0, .descriptor) }
                + asFile.map { try Lending.Item($0, .file) } + asVariable.map { try Lending.Item($0, .variable) }
        } catch let trouble as Lending.Trouble {
            Voice.standard.error(trouble.sentence)
            if let hint = trouble.hint { Voice.standard.hint(hint) }
            throw Status.usage
        }
    }

    private func plan(_ lending: Lending) throws -> ChildPlan {
        var own = Machine.variables
        for name in lending.variables { own[name] = nil }
        let passed = passAll ? Array(own.keys) : pass
        var plan = ChildPlan(
            executable: try Executable.find(command[0], path: own["PATH"]),
            arguments: command,
            environment: ChildEnvironment.make(from: own, passing: passed)
        )
        plan.port = port.map { ChildPlan.PortPlan($0, variable: portVariable, health: health) }
        plan.restart = RestartRules(RestartRules.When(rawValue: restart.rawValue) ?? .never)
        plan.limits.memory = memory.map { $0 << 20 }
        plan.grace = grace
        plan.streams = scrub ? .passedOn : .inherited(takesTerminal: isatty(0) == 1 && tcgetpgrp(0) == getpgrp())
        plan.rotation =
            switch onRotation {
            case .ignore: .ignore
            case .hup: .signal(SIGHUP)
            case .restart: .restart
            case .overlap: .overlap
            }
        return plan
    }

    /// What would be run. Arguments are not shown: others put keys there.
    static func shown(_ plan: ChildPlan, _ lending: Lending, _ refresh: Double) -> String {
        var lines = ["would run \(AnswerStream.plain(plan.executable)) with \(plan.arguments.count - 1) arguments"]
        for item in lending.items { lines.append("would lend \(item.name) (\(item.way.meaning)) from \(item.source)") }
        lines.append("would pass on \(plan.environment.keys.sorted().joined(separator: " "))")
        if let port = plan.port { lines.append("would wait until it answers on port \(port.number)") }
        lines.append("would start it again: \(plan.restart.when.rawValue)")
        if plan.rotation != .ignore { lines.append("would look for other keys every \(Int(refresh)) s") }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Ends of `ostiary run` that are not the program's.
enum RunStatus {
    static let own = ExitCode(125)
    static let notFound = ExitCode(127)
}
