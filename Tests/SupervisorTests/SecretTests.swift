import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiarySupervisor

/// Where a lent secret is to be seen, and where not.
@Suite(.timeLimit(.minutes(2))) struct ChildSecretTests {
    private static let canary = "sk-canary-4f1d9a77"

    @Test func `a secret by descriptor can be read by its path again and again, and not be changed`() async throws {
        let plan = RealChild.shell(
            "test \"$(cat $KEY)$(cat $KEY)\" = \(Self.twice) && ! echo x 2>/dev/null > $KEY && echo $KEY"
        )
        let (ending, lines) = try await RealChild.run(plan, [try RealChild.secret("KEY", .descriptor, Self.canary)])
        #expect(ending == .exit(0))
        #expect(lines == ["/dev/fd/3"])
    }

    @Test func `a secret by file lies in memory, is closed to others, and is gone with the child`() async throws {
        let plan = RealChild.shell(
            "test \"$(cat $KEY)\" = $(printf %s \(Self.reversed) | rev) && stat -c '%a %n' $KEY $(dirname $KEY)"
                + " && stat -f -c %T $KEY"
        )
        let (ending, lines) = try await RealChild.run(plan, [try RealChild.secret("KEY", .file, Self.canary)])
        #expect(ending == .exit(0))
        #expect(
            lines.count == 3 && lines[0].hasPrefix("600 ") && lines[1].hasPrefix("700 ") && lines[2] == "tmpfs",
            "\(lines)"
        )
        let path = lines.first.map { String($0.dropFirst(4)) } ?? ""
        #expect(!FileManager.default.fileExists(atPath: FilePath.folder(of: path)))
    }

    @Test func `a secret by variable is in the child's environment and in nobody else's, and in no argument list`()
        async throws
    {
        let canary = "sk-canary-variable-8c21"
        let (child, holders) = try await Self.holders(of: canary, .variable)
        #expect(holders == [child])
    }

    @Test(arguments: [ChildSecret.Way.descriptor, .file])
    func `a secret by descriptor or by file is in no environment at all`(_ way: ChildSecret.Way) async throws {
        let (_, holders) = try await Self.holders(of: "sk-canary-\(way)-5be0", way)
        #expect(holders == [])
    }

    /// Which processes of the machine have a lent secret in their environment, or in their arguments.
    private static func holders(of canary: String, _ way: ChildSecret.Way) async throws -> (Int32, [Int32]) {
        let plan = RealChild.shell("echo ready; exec sleep 1000")
        let child = try await RealChild.launch(plan, [try RealChild.secret("KEY", way, canary)])
        try await wait(for: "the child") { child.lastLines == ["ready"] }
        var holders: [Int32] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let process = Int32(name) else { continue }
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            if environment.range(of: Data(canary.utf8)) != nil { holders.append(process) }
            let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            #expect(arguments.range(of: Data(canary.utf8)) == nil, "process \(process)")
        }
        let pid = child.pid
        child.kill()
        _ = await child.ended()
        return (pid, holders)
    }

    @Test func `what the child says of its secret is scrubbed, in pieces too`() async throws {
        let plan = RealChild.shell("printf 'the key is '; cat $KEY; echo; cat $KEY >&2")
        let (_, lines) = try await RealChild.run(plan, [try RealChild.secret("KEY", .descriptor, Self.canary)])
        #expect(lines.sorted() == ["the key is ‹secret›", "‹secret›"])
    }

    @Test func `a declared signal comes with new files`() async throws {
        var plan = RealChild.shell(
            "trap 'cat $KEY | cut -c 1-4; echo again' HUP; echo ready; while :; do sleep 0.05; done"
        )
        plan.rotation = .signal(SIGHUP)
        let supervisor = Supervisor(launcher: RealChild.launcher, clock: SystemClock())
        let old = try RealChild.secret("KEY", .file, "aaaa-old-secret")
        try await supervisor.start(ChildOrder(label: "hup", plan: plan, secrets: [old]))
        try await wait(for: "the trap") { await supervisor.status.lastLines == ["ready"] }
        let pid = await supervisor.status.pid
        try await supervisor.rotate([try RealChild.secret("KEY", .file, "bbbb-new-secret")])
        try await wait(for: "the new one") { await supervisor.status.lastLines.contains("bbbb") }
        #expect(await supervisor.status.pid == pid)
        await supervisor.stop()
    }

    // Spelled otherwise here, as what the child's arguments hold must not be the canary itself.
    private static let reversed = String(canary.reversed())
    private static let twice = "$(printf %s%s \(reversed) \(reversed) | rev)"
}
