import Foundation
import OstiaryServer
import Testing

/// Pairs of files: what an operator wrote, and what the gate says to it.
///
/// Lines that begin with `#|` set the scene: `#| env NAME=VALUE`, `#| file PATH`, `#| flag NAME=VALUE`,
/// `#| mode development`. With `OSTIARY_UPDATE_GOLDEN=1` the second files are written anew.
@Suite struct ConfigurationGoldenTests {
    static let folder = "\(Kit.checkout)/Tests/ServerTests/Configuration/Golden"
    static let names: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return all.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
    }()

    @Test func thereAreGoldenFiles() {
        #expect(Self.names.count >= 12)
    }

    @Test(arguments: names) func saysWhatTheGoldenFileSays(_ name: String) throws {
        let yaml = try String(contentsOfFile: "\(Self.folder)/\(name).yaml", encoding: .utf8)
        var variables: [String: String] = [:]
        var flags: [String: String] = [:]
        var files: [String: String] = [:]
        var mode = Configuration.Mode.serving
        for line in yaml.split(separator: "\n") where line.hasPrefix("#| ") {
            let words = line.dropFirst(3).split(separator: " ", maxSplits: 1)
            let pair = words[1].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch words[0] {
            case "env": variables[pair[0]] = pair[1]
            case "flag": flags[pair[0]] = pair[1]
            case "file": files[String(words[1])] = "x"
            case "mode": mode = .development
            default: Issue.record("unknown scene line: \(line)")
            }
        }
        var said = ""
        do throws(Configuration.Faults) {
            _ = try Kit.read(yaml, variables, flags: flags, files: files, mode: mode, file: "\(name).yaml")
            said = "good\n"
        } catch {
            for fault in error.all {
                said += "error: \(fault)\n"
                if let hint = fault.hint { said += "hint: \(hint)\n" }
            }
        }
        let path = "\(Self.folder)/\(name).txt"
        if ProcessInfo.processInfo.environment["OSTIARY_UPDATE_GOLDEN"] == "1" {
            try said.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(said == (try? String(contentsOfFile: path, encoding: .utf8)))
    }
}
