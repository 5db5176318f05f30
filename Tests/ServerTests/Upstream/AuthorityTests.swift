import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-503
@Suite struct AuthorityTests {
    @Test func aGateWithoutItsAuthorityDoesNotStart() async throws {
        let failure = await #expect(throws: Running.Failure.self) {
            try await GateRig.run({ configuration in
                configuration.providers[0].baseURL = "https://models.example/v1"
                configuration.providers[0].tls.authority = "/dev/null"
            }) { _ in }
        }
        #expect("\(failure.map { "\($0)" } ?? "")".contains("providers.main.tls.authority"))
    }
}
