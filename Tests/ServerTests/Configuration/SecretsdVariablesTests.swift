import Testing

@testable import OstiaryServer

@Suite struct SecretsdVariablesTests {
    private func read(_ variables: [String: String]) throws -> Configuration {
        try Configuration.load(file: nil, mode: .development, surroundings: Kit.surroundings(variables))
    }

    @Test func `the variables of the daemon before mean what they meant`() throws {
        let configuration = try read([
            "CT_SECRETSD_HOST": "127.0.0.2", "CT_SECRETSD_PORT": "9123", "CT_SECRETSD_LOG_LEVEL": "WARNING",
            "CT_SECRETSD_AUTH_TOKEN": "0123456789abcdef",
        ])
        #expect("\(configuration.admin.address)" == "127.0.0.2:9123")
        #expect(configuration.journal.level == .warning)
        #expect(configuration.daemon.token == .environment("CT_SECRETSD_AUTH_TOKEN"))
        #expect(configuration.secretVariables.contains("CT_SECRETSD_AUTH_TOKEN"))
        let debugging = try read(["CT_SECRETSD_DEBUG": "true"])
        #expect(debugging.journal.trace == Configuration.Trace.allCases)
    }

    @Test(arguments: [
        ["CT_SECRETSD_HOST": "0.0.0.0"], ["CT_SECRETSD_HOST": "example.org"], ["CT_SECRETSD_PORT": "99999"],
        ["CT_SECRETSD_LOG_LEVEL": "loud"],
    ])
    func `what they cannot mean is a fault that names them`(variables: [String: String]) {
        #expect(throws: Configuration.Faults.self) { try read(variables) }
    }
}
