import OstiaryCore
import Testing

@testable import OstiarySupervisor

@Suite struct OrderTests {
    @Test func `only what is on the list and what was given reaches the child`() {
        let own = [
            "PATH": "/bin", "LC_ALL": "C", "HTTPS_PROXY": "p", "ANTHROPIC_API_KEY": "sk", "LD_PRELOAD": "x", "OWN": "1",
        ]
        #expect(
            ChildEnvironment.make(from: own, passing: ["OWN"], given: ["PORT": "1", "A B": "no"])
                == ["PATH": "/bin", "LC_ALL": "C", "HTTPS_PROXY": "p", "OWN": "1", "PORT": "1"]
        )
    }

    @Test(arguments: ["", "1A", "A=B", "A B", "Ä", String(repeating: "A", count: 129)])
    func `what is no variable's name is refused`(_ name: String) {
        #expect(!ChildEnvironment.isName(name))
    }

    @Test func `a program is found once, by an absolute path`() throws {
        #expect(try Executable.find("sh", path: "relative:/nowhere:/bin:/usr/bin") == "/bin/sh")
        #expect(try Executable.find("/bin/sh", path: nil) == "/bin/sh")
        for name in ["", "no-such-program", "/bin", "/etc/passwd"] {
            #expect(throws: SupervisorFault.notFound(name)) { try Executable.find(name, path: "/bin") }
        }
    }

    @Test func `an order comes out of its bytes as it went in`() throws {
        var order = GuardianOrder(executable: "/bin/sh")
        order.environment = ["A": "1", "B": "zwei \"\\\n"]
        order.folder = "/tmp"
        order.secrets = [.init(name: "KEY", way: .file), .init(name: "OTHER", way: .variable)]
        order.takesTerminal = true
        order.grace = 0.25
        order.descriptors = 64
        #expect(GuardianOrder(order.encoded()) == order)
        #expect(GuardianOrder(Array("{}".utf8)) == nil)
        #expect(GuardianOrder([0xff]) == nil)
    }
}
