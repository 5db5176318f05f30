import OstiaryServer
import Testing

@testable import ostiary

@Suite struct TokenErrandTests {
    @Test func readsWhatAHelperIsWrittenAs() throws {
        let usual = try #require(TokenErrand(helper: HelperCommand(client: "codex", program: "/bin/ostiary").words))
        #expect(usual.client == "codex")
        #expect(usual.door == (try LoopbackDoor.named(nil, config: nil)))
        let words = HelperCommand(client: "claude-code", admin: "unix:/run/o.sock", program: "ostiary").words
        let other = try #require(TokenErrand(helper: words))
        #expect(other.client == "claude-code")
        #expect(other.door == (try LoopbackDoor.named("unix:/run/o.sock", config: nil)))
        #expect(other.format == .raw)
        #expect(TokenErrand(helper: ["ostiary", "token"])?.client == nil)
    }

    /// Whatever is unusual or wrong, the command line's parser reads or refuses, with its words.
    @Test(arguments: [
        [], ["ostiary"], ["ostiary", "up"], ["ostiary", "token", "--help"], ["ostiary", "token", "--for"],
        ["ostiary", "token", "--for", ""], ["ostiary", "token", "--for", "--admin"],
        ["ostiary", "token", "--for", "a", "--for", "b"], ["ostiary", "token", "--format", "json"],
        ["ostiary", "token", "--admin", "example.com:80"], ["ostiary", "token", "--for=a"],
        ["ostiary", "token", "get"],
        ["ostiary", "help", "token"],
    ])
    func leavesAllElseToTheParser(_ arguments: [String]) {
        #expect(TokenErrand(helper: arguments)?.door == nil)
    }
}
