import NIOCore
import OstiaryCore
import OstiaryModels
import OstiaryWire

/// Asks a provider whether it takes a key: one small request, over the gate's own way out with its rules of where a name
/// may lead, on a connection that nothing else uses.
struct ProviderTest: Sendable {
    /// What came of it. A bad key is an outcome and no error.
    struct Outcome: Hashable, Sendable {
        var success: Bool
        /// Whole milliseconds.
        var latency = 0
        /// What the provider's state is, in words.
        var state: String
        /// Why there was no success; nothing of what the provider said, as it may repeat the key.
        var message: String?
        /// The status of its answer, where there was one.
        var status: Int?

        var json: JSONValue {
            .members(
                ("success", .bool(success)),
                ("latency_ms", .integer(latency)),
                ("provider_status", .string(state)),
                ("error_message", message.map { .string($0) } ?? .null),
                ("status_code", status.map { .integer($0) } ?? .null)
            )
        }

        static let shape = Shape.object([
            .must("success", .truth, "whether the provider took the key"),
            .must("latency_ms", .whole(0...3_600_000), "how long the provider took"),
            .must("provider_status", .text(), "what the provider's state is"),
            .must("error_message", .optional(.text()), "why there was no success"),
            .must("status_code", .optional(.whole(100...999)), "the status of the provider's answer"),
        ])
    }

    /// The most of an answer that is read.
    private static let limit = 4 << 20
    /// Seconds for all of it.
    private static let time = 10.0

    let crew: Crew
    let book: AddressBook
    let clock: any GateClock

    func run(_ provider: KnownProvider, at base: String?, key: SecretHolder?) async -> Outcome {
        guard !provider.isKeyless else { return Outcome(success: true, state: "built in, needs no key") }
        guard let base = base ?? provider.base, let origin = Origin(base) else {
            return Outcome(success: false, state: "unknown", message: "no address is known for this provider")
        }
        let began = clock.monotonic
        let configured = provider.configured
        let rules = AddressRules(for: origin, reach: configured?.addresses)
        let trust: Trust?
        do {
            trust = try configured?.tls.trust()
        } catch {
            return Outcome(success: false, state: "unknown", message: "tls.authority cannot be read")
        }
        var settings = DialSettings(connecting: min(5, configured?.timeouts.connect ?? 5), answering: Self.time)
        settings.idleConnections = 0
        let target = UpstreamTarget(
            origin,
            settings: settings,
            addresses: TargetAddresses(book, rules),
            trust: trust
        )
        target.leave()
        var outcome = await crew.onFirst { worker in
            await Self.ask(provider, target, key, worker)
        }
        outcome.latency = max(0, Int(clock.monotonic.seconds(since: began) * 1000))
        return outcome
    }

    private static func ask(
        _ provider: KnownProvider,
        _ target: UpstreamTarget,
        _ key: SecretHolder?,
        _ worker: Worker
    ) async -> Outcome {
        let origin = target.origin
        var head = ByteBuffer()
        head.writeString(
            "GET \(origin.basePath)\(provider.traits.keyTestPath) HTTP/1.1\r\nhost: \(origin.authority)\r\n"
        )
        head.writeString(
            "accept: application/json\r\naccept-encoding: identity\r\nuser-agent: ostiary/\(Version.current)\r\n"
        )
        for field in provider.traits.questionFields { head.writeString("\(field.name): \(field.value)\r\n") }
        if let key {
            head.writeString(provider.traits.credential == .apiKey ? "x-api-key: " : "authorization: Bearer ")
            Loan.withBytes(of: key) { bytes in _ = bytes.withUnsafeBufferPointer { head.writeBytes($0) } }
            head.writeString("\r\n")
        }
        let request = UpstreamRequest(asking: target, head: head)
        do throws(GateError) {
            let answer = try await worker.dialler.exchange(request, client: nil)
            let status = answer.status
            guard status == 200 else { return Outcome(status: status) }
            let body = try await answer.collect(limit: limit)
            return Outcome(success: true, state: state(of: body), message: nil, status: status)
        } catch {
            return Outcome(error)
        }
    }

    private static func state(of body: ByteBuffer) -> String {
        let bytes = Array(body.readableBytesView)
        guard let models = try? JSONReader.read(bytes.span).object?["data"]?.array else { return "OK" }
        return "OK - \(models.count) models available"
    }
}

extension ProviderTest.Outcome {
    fileprivate init(status: Int) {
        switch status {
        case 401, 403: self.init(success: false, state: "key refused", message: "the provider does not take this key")
        case 429:
            self.init(success: false, state: "rate limited", message: "the provider asks for patience; try again later")
        case 500...: self.init(success: false, state: "failing", message: "the provider answered with status \(status)")
        default: self.init(success: false, state: "unexpected", message: "the provider answered with status \(status)")
        }
        self.status = status
    }

    fileprivate init(_ error: GateError) {
        switch (error.code, "\(error.cause)") {
        case (.upstreamTimeout, _):
            self.init(success: false, state: "silent", message: "the provider did not answer in time")
        case (_, "address_denied"):
            self.init(
                success: false,
                state: "not allowed",
                message: "the provider's name leads to addresses that are not allowed"
            )
        case (.upstreamUnreachable, _):
            self.init(success: false, state: "unreachable", message: "the provider cannot be reached")
        default: self.init(success: false, state: "unexpected", message: "the provider's answer cannot be understood")
        }
    }
}
