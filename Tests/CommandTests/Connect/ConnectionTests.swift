import Foundation
import OstiaryCore
import OstiaryModels
import OstiaryServer
import Testing

@testable import ostiary

@Suite struct ConnectionTests {
    private let settings = [Setting(["apiKeyHelper"], "helper"), Setting(["env", "URL"], "http://127.0.0.1:1")]

    /// A folder that is gone afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("connect-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.resolvingSymlinksInPath().path)
    }

    private func write(_ text: String, to path: String, mode: Int = 0o644) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private func connection(_ path: String, within root: String? = nil) throws -> Connection {
        try Connection(SettingsFile(path, within: root), settings)
    }

    @Test(arguments: [
        "{\"b\" : 1,\n\n\t\"env\":{  \"X\":\"1\"}\n}\n\n", "{}",
        "{\"apiKeyHelper\":\"old\",\"env\":{\"URL\":\"https://a\"}}\r\n",
    ])
    func undoRestoresEveryByteAndTheMode(before: String) throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write(before, to: path, mode: 0o640)
            for _ in 0..<2 {
                let connection = try self.connection(path)
                try connection.carryOut(connection.plan())
                #expect(try mode(path) == 0o640)
                #expect(
                    try JSONReader.read(Array((text(path) ?? "").utf8)).object?["apiKeyHelper"] == .string("helper")
                )
                // Done twice it is done once.
                let again = try connection.plan()
                #expect(again.changes.isEmpty)
                try connection.carryOut(again)
                #expect(text(path + ".before-ostiary") == before)
                try connection.carryOutUndoing(connection.undoing())
                #expect(text(path) == before)
                #expect(try mode(path) == 0o640)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["settings.json"])
            }
        }
    }

    @Test func undoRemovesAFileThatWasNotThere() throws {
        try withFolder { folder in
            let connection = try self.connection("\(folder)/.claude/settings.json")
            try connection.carryOut(connection.plan())
            #expect(try mode("\(folder)/.claude/settings.json") == 0o600)
            #expect(try mode("\(folder)/.claude") == 0o700)
            try connection.carryOutUndoing(connection.undoing())
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.claude") == [])
        }
    }

    /// What others have changed since is theirs.
    @Test func undoLeavesTheChangesOfOthers() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{\n  \"env\": {\n    \"URL\": \"https://old\"\n  }\n}\n", to: path)
            let connection = try self.connection(path)
            try connection.carryOut(connection.plan())
            var sheet = try JSONSheet(Array((text(path) ?? "").utf8))
            try sheet.set(["model"], .string("opus"))
            try write(String(decoding: sheet.bytes, as: UTF8.self), to: path)
            try connection.carryOutUndoing(connection.undoing())
            #expect(text(path) == "{\n  \"env\": {\n    \"URL\": \"https://old\"\n  },\n  \"model\": \"opus\"\n}\n")
            let refusal = #expect(throws: SettingsFile.Refusal.self) { try connection.undoing() }
            #expect(refusal?.kind == .nothing)
        }
    }

    @Test func aFileThatChangesMeanwhileIsLeftAlone() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{}", to: path)
            let connection = try self.connection(path)
            let plan = try connection.plan()
            try write("{\"a\": 1}", to: path)
            let refusal = #expect(throws: SettingsFile.Refusal.self) { try connection.carryOut(plan) }
            #expect(refusal?.message.contains("meanwhile") == true)
            #expect(text(path) == "{\"a\": 1}")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(left == ["settings.json", "settings.json.before-ostiary"])
        }
    }

    @Test func linksAreFollowedWithinTheirProjectOnly() throws {
        try withFolder { folder in
            let files = FileManager.default
            try files.createDirectory(atPath: "\(folder)/project/.claude", withIntermediateDirectories: true)
            try write("{}", to: "\(folder)/outside.json")
            let path = "\(folder)/project/.claude/settings.json"
            try files.createSymbolicLink(atPath: path, withDestinationPath: "../../outside.json")
            let refusal = #expect(throws: SettingsFile.Refusal.self) {
                try self.connection(path, within: "\(folder)/project")
            }
            #expect(refusal?.message.contains("leads out of the project") == true)
            // One's own settings may be a link of one's own, and stay one.
            let connection = try self.connection(path)
            try connection.carryOut(connection.plan())
            #expect(text("\(folder)/outside.json")?.contains("helper") == true)
            #expect(try files.destinationOfSymbolicLink(atPath: path) == "../../outside.json")
            try connection.carryOutUndoing(connection.undoing())
            #expect(text("\(folder)/outside.json") == "{}")
            try files.removeItem(atPath: "\(folder)/outside.json")
            #expect(throws: SettingsFile.Refusal.self) { try self.connection(path) }
        }
    }

    /// A checkout can bring any name; nothing is written to where it leads.
    @Test func aBackupIsNeverALink() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{}", to: path)
            try write("alias", to: "\(folder)/profile")
            #expect(symlink("profile", path + ".before-ostiary") == 0)
            let refusal = #expect(throws: SettingsFile.Refusal.self) { try self.connection(path) }
            #expect(refusal?.message.hasSuffix("is a link, and should be a file") == true)
            #expect(text("\(folder)/profile") == "alias")
        }
    }

    @Test func undoBringsBackAFileThatIsGone() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{\"a\": 1}", to: path)
            let connection = try self.connection(path)
            try connection.carryOut(connection.plan())
            try FileManager.default.removeItem(atPath: path)
            try connection.carryOutUndoing(connection.undoing())
            #expect(text(path) == "{\"a\": 1}")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away")) func filesOfOthersAreLeftAlone() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{}", to: path)
            #expect(chown(path, 12_345, 12_345) == 0)
            #expect(throws: SettingsFile.Refusal.self) { try self.connection(path).plan() }
            #expect(symlink(path, "\(folder)/link.json") == 0)
            #expect(lchown("\(folder)/link.json", 12_345, 12_345) == 0)
            let refusal = #expect(throws: SettingsFile.Refusal.self) { try self.connection("\(folder)/link.json") }
            #expect(refusal?.message.contains("belongs to somebody else") == true)
        }
    }

    @Test(arguments: ["folder", "pipe"]) func whatIsNoFileIsLeftAlone(kind: String) throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            #expect((kind == "pipe" ? mkfifo(path, 0o600) : mkdir(path, 0o700)) == 0)
            #expect(throws: SettingsFile.Refusal.self) { try self.connection(path).plan() }
        }
    }

    @Test func saysWhereAFileIsMalformed() throws {
        try withFolder { folder in
            let path = "\(folder)/settings.json"
            try write("{\n  \"a\": 1,\n}\n", to: path)
            let refusal = #expect(throws: SettingsFile.Refusal.self) { try self.connection(path).plan() }
            #expect(refusal?.kind == .content)
            #expect(refusal?.message == "\(path):3:1: this is not JSON")
            try write("{\"env\": []}", to: path)
            let misfit = #expect(throws: SettingsFile.Refusal.self) { try self.connection(path).plan() }
            #expect(misfit?.message == "\(path): `env` is not an object")
        }
    }

    @Test func keysOfOthersAreNotShown() {
        let secret = "sk-ant-api03-abcdef0123456789"
        #expect(Masked.masked("echo \(secret)") == "echo …")
        #expect(Masked.masked("https://user:pass@host/x") == "https://…@host/x")
        #expect(Masked.masked("cat ../keys/0123456789abcdef0123") == "cat ../keys/…")
        #expect(Masked.masked("ostiary token --for claude-code") == "ostiary token --for claude-code")
        let change = SettingChange(
            path: ["apiKeyHelper"],
            before: .string("echo \(secret)"),
            after: .string("ostiary-0123456789 token"),
            ours: .string("ostiary-0123456789 token")
        )
        #expect(change.lines == ["  - apiKeyHelper: \"echo …\"", "  + apiKeyHelper: \"ostiary-0123456789 token\""])
        #expect(!JSONText.pretty(change.json).contains("abcdef"))
    }

    @Test func findsWhatComesBetween() throws {
        let variables = [
            "ANTHROPIC_API_KEY": "sk-secret", "CLAUDE_CODE_USE_BEDROCK": "", "URL": "http://elsewhere",
            "HTTP_PROXY": "http://proxy",
        ]
        let found = Conflict.ofClaudeCode(variables, settings: settings, isLoopback: true)
        #expect(found.map(\.subject) == ["ANTHROPIC_API_KEY", "URL", "HTTP_PROXY"])
        #expect(found.map(\.remedy) == ["unset ANTHROPIC_API_KEY", "unset URL", "export NO_PROXY=127.0.0.1,localhost"])
        #expect(!found.contains { $0.sentence.contains("secret") || $0.sentence.contains("elsewhere") })
        let spared = variables.merging(["NO_PROXY": "a, 127.0.0.1"]) { $1 }
        #expect(Conflict.ofClaudeCode(spared, settings: settings, isLoopback: true).count == 2)
        #expect(Conflict.ofClaudeCode(variables, settings: settings, isLoopback: false).count == 2)

        let sheet = try JSONSheet(
            Array(#"{"apiKeyHelper":"other","env":{"ANTHROPIC_AUTH_TOKEN":"t","URL":null}}"#.utf8)
        )
        let above = Conflict.ofSettings(sheet, in: "m.json", wins: true, settings: settings).map(\.subject)
        #expect(above == ["m.json: env.ANTHROPIC_AUTH_TOKEN", "m.json: apiKeyHelper", "m.json: env.URL"])
        let below = Conflict.ofSettings(sheet, in: "u.json", wins: false, settings: settings).map(\.subject)
        #expect(below == ["u.json: env.ANTHROPIC_AUTH_TOKEN"])

        let openAI = ["OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "https://api.openai.com/v1", "OPENAI_ORG_ID": "o"]
        let subjects = Conflict.ofOpenAI(openAI, url: "http://127.0.0.1:8080/v1", isLoopback: true).map(\.subject)
        #expect(subjects == ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ORG_ID"])
        #expect(Conflict.ofOpenAI(["OPENAI_API_KEY": "eyJh.eyJz.c2ln"], url: "", isLoopback: false).isEmpty)
    }

    @Test func linesForShellsKeepWordsWhole() throws {
        let helper = HelperCommand(client: "a", admin: "unix:/run/my gate.sock", program: "/opt/it's/ostiary")
        let quoted = "'/opt/it'\\''s/ostiary' token --for a --admin 'unix:/run/my gate.sock'"
        #expect(helper.line == quoted)
        let variable = ShellVariable(name: "K", value: .output(helper))
        #expect(variable.posix == "export K=\"$(\(quoted))\"")
        #expect(variable.fish == "set -gx K ('/opt/it\\'s/ostiary' token --for a --admin 'unix:/run/my gate.sock')")
        #expect(ShellVariable(name: "U", value: .text("a'b\\")).fish == "set -gx U 'a\\'b\\\\'")
    }

    @Test(arguments: [
        "http://gate.example", "http://10.0.0.1:8080", "ftp://127.0.0.1", "https://a/?k=1", "https://u:p@a", "",
    ])
    func tokensGoOverNoNetworkInClear(url: String) {
        #expect(GateURL(url) == nil)
    }

    @Test func aGatesURLHasNoSlashAtItsEnd() {
        #expect(GateURL("https://gate.example/ai/")?.openAI == "https://gate.example/ai/v1")
        #expect(GateURL("http://localhost:8080")?.anthropic == "http://localhost:8080")
        #expect(GateURL("https://gate.example")?.isLoopback == false)
    }
}
