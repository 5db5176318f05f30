import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Tokens that the gate gives its owner.
@Suite struct OwnerTokenTests {
    private func token(_ desk: DaemonDesk, _ body: String = "{}") async throws -> String {
        let answer = try await desk.ask("POST", "/admin/token", body)
        #expect(answer.status == 200)
        #expect(try desk.conforms(answer, .post, "/admin/token"))
        return answer.json?["token"]?.string ?? ""
    }

    /// The public door's status for this token.
    private func status(_ desk: DaemonDesk, _ token: String) async throws -> Int {
        try await desk.rig.ask("GET", "/v1/models", token: token).status
    }

    @Test func `the owner's token opens the public door, for as long as it says`() async throws {
        try await DaemonDesk.run({ $0.identity.local = true }) { desk async throws in
            let token = try await token(desk)
            #expect(try await status(desk, token) == 200)
            let brief = try await self.token(desk, #"{"lifetime":60}"#)
            #expect(try await status(desk, brief) == 200)
            // A day is not to be had.
            let long = try await desk.ask("POST", "/admin/token", #"{"lifetime":86400}"#)
            #expect(long.json?["expires_in"]?.number?.int == 3600)
            // A scope that opens nothing opens nothing.
            let bare = try await self.token(desk, #"{"scope":"other"}"#)
            #expect(try await status(desk, bare) == 403)
        }
    }

    @Test func `nobody else gets one, and nobody where it is off`() async throws {
        try await DaemonDesk.run({ $0.identity.local = true }) { desk async throws in
            #expect(try await desk.ask("POST", "/admin/token", "{}", token: nil).problem == "unauthorized")
            #expect(try await desk.ask("POST", "/admin/token", "{}", token: "wrong").problem == "unauthorized")
        }
        try await DaemonDesk.run { desk async throws in
            #expect(try await desk.ask("POST", "/admin/token", "{}").problem == "not_found")
        }
    }

    @Test func `another gate's are worth nothing`() async throws {
        var foreign = ""
        try await DaemonDesk.run({ $0.identity.local = true }) { desk async throws in foreign = try await token(desk) }
        try await DaemonDesk.run({ $0.identity.local = true }) { desk async throws in
            let answer = try await desk.rig.ask("GET", "/v1/models", fields: ["Authorization: Bearer \(foreign)"])
            #expect(answer.status == 401)
        }
    }
}
