import OstiaryTesting

@testable import OstiaryWire

extension Bench {
    /// Runs `body` with a client, a door that sends every request on, and this provider.
    static func relay(
        _ upstream: RecordingUpstream,
        settings: DialSettings = DialSettings(),
        deliveries: Observed<[Delivery]>? = nil,
        _ body: (Bench, RawConnection) async throws -> Void
    ) async throws {
        try await open(service: Forwarder.make(to: upstream, settings: settings, deliveries: deliveries)) { bench in
            try await body(bench, try bench.client())
        }
        upstream.stop()
    }
}
