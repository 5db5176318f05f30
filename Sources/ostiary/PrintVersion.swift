import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary version`.
struct PrintVersion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "print the version and what it was built for"
    )

    @Flag(help: "print it as JSON")
    var json = false

    func run() throws {
        let report = VersionReport.current
        Voice.standard.print(json ? report.json : report.text)
    }
}

/// What this build is.
struct VersionReport: Sendable {
    let version: String
    let protocolVersion: Int
    let system: String
    let machine: String

    static var current: VersionReport {
        #if os(Linux)
            let system = "linux"
        #elseif os(macOS)
            let system = "macos"
        #else
            let system = "unknown"
        #endif
        #if arch(x86_64)
            let machine = "x86_64"
        #elseif arch(arm64)
            let machine = "arm64"
        #else
            let machine = "unknown"
        #endif
        return VersionReport(
            version: Version.current,
            protocolVersion: Version.protocol,
            system: system,
            machine: machine
        )
    }

    var text: String { "ostiary \(version) (protocol \(protocolVersion), \(system) \(machine))\n" }

    var json: String {
        let members: [JSONObject.Member] = [
            .init(name: "version", value: .string(version)),
            .init(name: "protocol_version", value: .number(JSONNumber(text: String(protocolVersion)))),
            .init(name: "system", value: .string(system)),
            .init(name: "machine", value: .string(machine)),
        ]
        return JSONText.pretty(.object(JSONObject(members: members))) + "\n"
    }
}
