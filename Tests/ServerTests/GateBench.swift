import OstiaryCore
import OstiaryJournal
import OstiaryTesting

@testable import OstiaryServer

/// The whole gate on loopback before a recording provider, with a clock that moves by hand and a token for it.
struct GateBench: Sendable {
    static let providerKey = "canary-provider-key-5d1c"

    let gate: Gate
    let clock: ManualClock
    let token: String
    let upstream: RecordingUpstream

    static func open(_ upstream: RecordingUpstream, _ body: (GateBench) async throws -> Void) async throws {
        var provider = Configuration.Provider()
        provider.name = "local"
        provider.kind = .openai
        provider.baseURL = "http://127.0.0.1:\(upstream.port)/v1"
        provider.key = .environment("PROVIDER_KEY")
        var model = Configuration.Model()
        model.name = "*"
        model.provider = "local"
        var configuration = Configuration(providers: [provider], models: [model])
        configuration.listen.address = Configuration.Address(host: "127.0.0.1", port: 0)
        configuration.listen.workers = 1
        configuration.admin.address = Configuration.Address(host: "127.0.0.1", port: 0)
        configuration.limits.requestsPerMinute = 0
        configuration.limits.failuresPerMinute = 0
        let clock = ManualClock()
        let gate = try await Gate.open(
            configuration,
            mode: .development,
            environment: ["PROVIDER_KEY": providerKey],
            clock: clock,
            sink: ForgetfulSink()
        )
        let token = try gate.doors().developmentToken ?? ""
        do {
            try await body(GateBench(gate: gate, clock: clock, token: token, upstream: upstream))
        } catch {
            await gate.close()
            upstream.stop()
            throw error
        }
        await gate.close()
        upstream.stop()
    }

    func client() throws -> RawClient { try RawClient(port: gate.port) }

    var goodRequest: String {
        "GET /v1/models HTTP/1.1\r\nHost: gate.example\r\nAuthorization: Bearer \(token)\r\n\r\n"
    }

    /// Moves the clock and looks at every deadline.
    func pass(_ seconds: Double) async throws {
        // What the loop is in the middle of counts from before.
        try await gate.checkDeadlines()
        clock.advance(seconds)
        try await gate.checkDeadlines()
    }
}

private struct ForgetfulSink: LogSink {
    func write(_ bytes: [UInt8]) -> Bool { true }
}
