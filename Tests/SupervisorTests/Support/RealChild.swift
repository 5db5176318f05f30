import Foundation
import OstiaryCore
import OstiaryTesting

@testable import OstiarySupervisor

/// Real children, under real guardians.
enum RealChild {
    /// The program beside the test bundle.
    static let program: String = {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("ostiary").path
    }()

    static let launcher = GuardianLauncher(program: program)

    /// A shell script.
    static func shell(_ script: String, environment: [String: String] = [:]) -> ChildPlan {
        ChildPlan(
            executable: "/bin/sh",
            arguments: ["sh", "-c", script],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { $1 },
            restart: RestartRules(.never)
        )
    }

    static func python(_ script: String) -> ChildPlan {
        var plan = shell("exec python3 -c '\(script)'")
        plan.port = nil
        return plan
    }

    /// An HTTP server that answers 200 to everything, on the port in `PORT`.
    static let server = """
        import http.server, os
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
            def log_message(self, *all): pass
        http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """

    static func launch(_ plan: ChildPlan, _ secrets: [ChildSecret] = []) async throws -> any ChildProcess {
        try await launcher.launch(plan, port: nil, secrets: secrets)
    }

    /// Runs a script to its end.
    static func run(_ plan: ChildPlan, _ secrets: [ChildSecret] = []) async throws -> (Ending?, [String]) {
        let child = try await launch(plan, secrets)
        let ending = await child.ended()
        return (ending, child.lastLines)
    }

    static func secret(_ name: String, _ way: ChildSecret.Way, _ value: String) throws -> ChildSecret {
        let bytes = Array(value.utf8)
        return try ChildSecret(name, way, SecretHolder(Secret(copying: bytes.span)))
    }

    /// Whether there is a process of this number that is no zombie.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return false }
        return !text[end...].hasPrefix(") Z")
    }
}
