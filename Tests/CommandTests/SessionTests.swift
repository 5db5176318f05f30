import Foundation
import Testing

/// Terminal sessions, run against the built program.
///
/// A session is a text file: `$ ` begins a command, the lines below it are what standard output must hold, lines with
/// `! ` in front what standard error must hold, and `? ` the exit status where it is not 0. A line `...` stands for
/// any lines. `-- NAME --` begins a file that lies in the session's folder. With `OSTIARY_UPDATE_GOLDEN=1` the
/// sessions are written anew.
@Suite struct SessionTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Sessions")
        .path
    static let names: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return all.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    /// The program beside the test bundle.
    static var program: String {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("ostiary").path
    }

    @Test func thereAreSessions() {
        #expect(Self.names.count >= 4)
        #expect(FileManager.default.isExecutableFile(atPath: Self.program), "\(Self.program)")
    }

    @Test(arguments: names) func goesAsWritten(_ name: String) throws {
        let path = "\(Self.folder)/\(name)"
        let session = Session(try String(contentsOfFile: path, encoding: .utf8))
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ostiary-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in session.files {
            try (file.lines.joined(separator: "\n") + "\n").write(
                to: folder.appendingPathComponent(file.name),
                atomically: true,
                encoding: .utf8
            )
        }
        var written = session.opening
        for step in session.steps {
            let said = try run(step.command, in: folder)
            #expect(Session.matches(said, step.expected), "\(name): $ \(step.command)\n\(said.joined(separator: "\n"))")
            written += ["$ \(step.command)"] + (step.expected.contains("...") ? step.expected : said) + step.gap
        }
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            for file in session.files { written += ["-- \(file.name) --"] + file.lines }
            try (written.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    /// What a command says, in the session's form.
    private func run(_ command: String, in folder: URL) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        let beside = URL(fileURLWithPath: Self.program).deletingLastPathComponent().path
        process.environment = ["PATH": "\(beside):/usr/bin:/bin", "HOME": folder.path, "TERM": "xterm"]
        // Files rather than pipes, which would block a program that says more than a pipe holds.
        let (out, err) = (folder.appendingPathComponent(".out"), folder.appendingPathComponent(".err"))
        for file in [out, err] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        func lines(_ file: URL) throws -> [String] {
            var lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
            if lines.last == "" { lines.removeLast() }
            return lines
        }
        let status = process.terminationStatus
        return try lines(out) + lines(err).map { "! \($0)" } + (status == 0 ? [] : ["? \(status)"])
    }
}

/// A session file, taken apart.
struct Session {
    struct Step {
        var command: String
        var expected: [String] = []
        /// Empty and comment lines up to the next command.
        var gap: [String] = []
    }

    var opening: [String] = []
    var steps: [Step] = []
    var files: [(name: String, lines: [String])] = []

    init(_ text: String) {
        var lines = text.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        for line in lines {
            if line.hasPrefix("-- "), line.hasSuffix(" --") {
                files.append((String(line.dropFirst(3).dropLast(3)), []))
            } else if !files.isEmpty {
                files[files.count - 1].lines.append(line)
            } else if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
            } else if steps.isEmpty {
                opening.append(line)
            } else {
                steps[steps.count - 1].expected.append(line)
            }
        }
        for index in steps.indices {
            while let last = steps[index].expected.last, last.isEmpty || last.hasPrefix("# ") {
                steps[index].expected.removeLast()
                steps[index].gap.insert(last, at: 0)
            }
        }
    }

    /// Whether `said` is `expected`, where a line `...` stands for any lines.
    static func matches(_ said: [String], _ expected: [String]) -> Bool {
        guard let first = expected.first else { return said.isEmpty }
        if first == "..." {
            return (0...said.count).contains { matches(Array(said[$0...]), Array(expected.dropFirst())) }
        }
        return said.first == first && matches(Array(said.dropFirst()), Array(expected.dropFirst()))
    }
}
