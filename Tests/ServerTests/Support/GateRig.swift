import Foundation
import OstiaryCore
import OstiaryJournal
import OstiaryModels
import OstiaryTesting
import OstiaryWire
import Testing

@testable import OstiaryServer

/// A whole gate on ports of loopback, with an issuer, a key-set server, a provider, a clock and a log of its own.
final class GateRig: Sendable {
    let gate: Gate
    let issuer: TestIssuer
    let keys: KeySetHost
    let upstream: RecordingUpstream
    let clock: ManualClock
    let log: LogCapture
    /// What the next reload finds.
    let desk: ConfigurationDesk

    /// The provider's key; it must reach the provider and nobody else.
    static let providerKey = "sk-CANARY-provider-7f3a9c1e55d04b2a"
    /// Another one, for configurations that a reload brings.
    static let otherKey = "sk-CANARY-other-2c71d0aa93be46f8"

    init(
        gate: Gate,
        issuer: TestIssuer,
        keys: KeySetHost,
        upstream: RecordingUpstream,
        clock: ManualClock,
        log: LogCapture,
        desk: ConfigurationDesk
    ) {
        self.gate = gate
        self.issuer = issuer
        self.keys = keys
        self.upstream = upstream
        self.clock = clock
        self.log = log
        self.desk = desk
    }

    /// Opens a gate, lets the test use it and closes it.
    static func run(
        _ change: (inout Configuration) -> Void = { _ in },
        issuer: TestIssuer = TestIssuer(),
        keys: KeySetHost? = nil,
        upstream: RecordingUpstream? = nil,
        mode: Configuration.Mode = .serving,
        held: HeldBodies = HeldBodies(),
        resolver: (any Resolver)? = nil,
        trust: Trust = Trust(),
        _ test: (GateRig) async throws -> Void
    ) async throws {
        let own = try keys ?? KeySetHost(.document(TestIssuer.keySet(issuer)))
        let upstream = try upstream ?? RecordingUpstream.answering("{}")
        let clock = ManualClock()
        let log = LogCapture()
        var configuration = configuration(issuer, own, upstream)
        if mode == .development { configuration.identity.jwt = [] }
        change(&configuration)
        let desk = ConfigurationDesk(configuration)
        let gate = try await Assembly(
            configuration: configuration,
            mode: mode,
            environment: ["PROVIDER_KEY": providerKey, "OTHER_KEY": otherKey],
            clock: clock,
            sink: log,
            trust: trust,
            held: held,
            reader: { variables throws(Configuration.Faults) in try desk.read(variables) },
            book: resolver.map { AddressBook(resolver: $0) } ?? AddressBook()
        ).open()
        let rig = GateRig(
            gate: gate,
            issuer: issuer,
            keys: own,
            upstream: upstream,
            clock: clock,
            log: log,
            desk: desk
        )
        do {
            try await test(rig)
        } catch {
            await rig.close()
            throw error
        }
        await rig.close()
    }

    private func close() async {
        await gate.close()
        upstream.stop()
        keys.stop()
    }

    /// A provider for `main`, `public-name` (which it knows as `upstream-name`) and everything else; the built-in one
    /// for `echo`. No limits, so that a test brings those it is about.
    static func configuration(_ issuer: TestIssuer, _ keys: KeySetHost, _ upstream: RecordingUpstream) -> Configuration
    {
        var configuration = Configuration()
        configuration.listen.address = Configuration.Address(host: "127.0.0.1", port: 0)
        configuration.listen.workers = 1
        configuration.admin.address = Configuration.Address(host: "127.0.0.1", port: 0)
        var trusted = Configuration.TokenIssuer()
        trusted.issuer = issuer.issuer
        trusted.jwks = .url(keys.url)
        trusted.audiences = ["gate"]
        configuration.identity.jwt = [trusted]
        var main = Configuration.Provider()
        main.name = "main"
        main.kind = .openai
        main.baseURL = "http://127.0.0.1:\(upstream.port)/v1"
        main.key = .environment("PROVIDER_KEY")
        var echo = Configuration.Provider()
        echo.name = "echo"
        configuration.providers = [main, echo]
        configuration.models = [
            model("public-name", "main", upstream: "upstream-name"), model("echo*", "echo"), model("*", "main"),
        ]
        configuration.limits.requestsPerMinute = 0
        configuration.limits.burst = 0
        configuration.limits.failuresPerMinute = 0
        configuration.limits.concurrent = 10_000
        configuration.journal.log = .json
        configuration.journal.level = .debug
        return configuration
    }

    /// Leaves the provider `main` alone, which is then asked for the list of models too.
    static func solely(_ configuration: inout Configuration) {
        configuration.providers.removeAll { $0.name != "main" }
        configuration.models = [model("*", "main")]
    }

    static func model(_ name: String, _ provider: String, upstream: String? = nil) -> Configuration.Model {
        var model = Configuration.Model()
        model.name = name
        model.provider = provider
        model.upstream = upstream
        return model
    }

    // MARK: Asking

    /// A token that passes now.
    func token(sub: String = "user-1", scope: String = "inference", tail: String = "") -> String {
        issuer.token(sub: sub, scope: scope, now: clock.now, tail: tail)
    }

    /// A request as bytes.
    func request(
        _ method: String,
        _ target: String,
        token: String? = nil,
        fields: [String] = [],
        body: String? = nil
    ) -> String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: gate.example"]
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body {
            if !fields.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
                lines.append("Content-Type: application/json")
            }
            lines.append("Content-Length: \(body.utf8.count)")
        }
        return (lines + fields).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// The least that is answered with 200.
    func goodRequest() -> String { request("GET", "/v1/models", token: token()) }

    /// A question to a model whose answer streams, or not.
    func chatRequest(
        _ model: String = "m",
        token: String? = nil,
        fields: [String] = [],
        stream: Bool = false
    ) -> String {
        request(
            "POST",
            "/v1/chat/completions",
            token: token ?? self.token(),
            fields: fields,
            body: Self.question(model, stream: stream)
        )
    }

    /// A new connection to the public door.
    func client() throws -> RawConnection { try RawConnection(port: gate.port) }

    /// Sends one request on a connection of its own and takes the answer.
    func ask(
        _ method: String,
        _ target: String,
        token: String? = nil,
        fields: [String] = [],
        body: String? = nil
    ) async throws -> RawMessage {
        try await Self.ask(
            gate.port,
            request(method, target, token: token, fields: fields, body: body),
            toHEAD: method == "HEAD"
        )
    }

    /// The same at the admin door.
    func askAdmin(
        _ method: String,
        _ target: String,
        fields: [String] = ["Host: 127.0.0.1"],
        body: String? = nil
    ) async throws -> RawMessage {
        let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
        let lines = ["\(method) \(target) HTTP/1.1"] + fields + length
        return try await Self.ask(
            gate.adminPort,
            lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""),
            toHEAD: method == "HEAD"
        )
    }

    private static func ask(_ port: Int, _ request: String, toHEAD: Bool) async throws -> RawMessage {
        let client = try RawConnection(port: port)
        defer { client.leave() }
        // The gate may take its time with a long body.
        _ = try await blocking { client.send(request) }
        return try await client.answer(toHEAD: toHEAD)
    }

    /// A chat request with a good token.
    func chat(
        _ model: String = "m",
        token: String? = nil,
        fields: [String] = [],
        stream: Bool = false
    ) async throws -> RawMessage {
        try await Self.ask(
            gate.port,
            chatRequest(model, token: token, fields: fields, stream: stream),
            toHEAD: false
        )
    }

    static func question(_ model: String = "m", stream: Bool = false, content: String = "hello") -> String {
        #"{"model":"\#(model)","stream":\#(stream),"messages":[{"role":"user","content":"\#(content)"}]}"#
    }

    /// Waits for the log's entry of an answer.
    func entry(of answer: RawMessage) async throws -> LogLine {
        let id = answer["x-request-id"] ?? ""
        return try await entry { $0.id == id }
    }

    func entry(where isMeant: (LogLine) -> Bool) async throws -> LogLine {
        var found: LogLine?
        try await wait(for: "an entry of the log in: \(log.text.suffix(2000))") {
            found = log.entries.first(where: isMeant)
            return found != nil
        }
        guard let found else { throw NothingHappened("an entry") }
        return found
    }

    /// The value of a sample of `/metrics`, by its whole name and labels; 0 for none.
    func metric(_ sample: String) async throws -> Double {
        let answer = try await askAdmin("GET", "/metrics")
        let line = answer.text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }

    // MARK: Time

    /// Moves the clock and looks at every deadline.
    func pass(_ seconds: Double) async throws {
        // What the loop is in the middle of counts from before.
        try await gate.checkDeadlines()
        clock.advance(seconds)
        try await gate.checkDeadlines()
    }

    /// What must be true when nothing is being asked: nobody's slot is kept and nobody's reservation was forgotten.
    func expectBalanced() async throws {
        try await wait(for: "the end of all calls") { gate.inFlight == 0 }
        #expect(try await metric("gw_reservations_in_flight") == 0)
        #expect(try await metric("gw_reservations_forgotten_total") == 0)
    }
}
