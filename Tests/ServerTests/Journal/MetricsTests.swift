import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct MetricsTests {
    @Test func everythingThatIsPromisedIsCounted() async throws {
        try await GateRig.run(RateTests.sixtyAndTen) { rig async throws in
            _ = try await rig.chat("public-name")
            _ = try await rig.chat("echo")
            _ = try await rig.ask("GET", "/v1/models", token: "bad")
            let text = try await rig.askAdmin("GET", "/metrics").text
            for name in [
                "gw_requests_total", "gw_request_duration_seconds_bucket", "gw_upstream_duration_seconds_bucket",
                "gw_overhead_seconds_bucket", "gw_ttfb_seconds_bucket", "gw_inflight_requests", "gw_tokens_total",
                "gw_auth_total", "gw_ratelimit_total", "gw_ratelimit_entries", "gw_jwks_fetch_total", "gw_jwks_waiters",
                "gw_upstream_connections", "gw_build_info", "gw_held_body_bytes", "gw_held_body_bytes_limit",
                "gw_reservations_forgotten_total", "gw_reservations_in_flight", "gw_edge_connections",
                "gw_edge_connections_limit", "gw_log_lines_dropped_total", "gw_metric_series", "gw_vault_keys",
                "process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total",
            ] {
                #expect(text.contains("\n\(name)"), "\(name)")
            }
            #expect(text.contains(#"route="/v1/chat/completions",provider="main",model="public-name",status="200"} 1"#))
            #expect(text.contains(#"gw_auth_total{method="jwt",result="malformed"} 1"#))
            #expect(text.contains(#"gw_auth_total{method="jwt",result="accepted"} 2"#))
        }
    }

    // SEC-603
    @Test func callersAndModelsAddNoSeries() async throws {
        try await GateRig.run { rig async throws in
            _ = try await rig.chat("m-0")
            let before = try await rig.metric("gw_metric_series")
            for number in 1...50 { _ = try await rig.chat("m-\(number)", token: rig.token(sub: "user-\(number)")) }
            #expect(try await rig.metric("gw_metric_series") == before)
            let text = try await rig.askAdmin("GET", "/metrics").text
            #expect(!text.contains("user-") && !text.contains("m-7"))
        }
    }

    @Test func thereIsOneNameForOneFamily() async throws {
        try await GateRig.run { rig async throws in
            let text = try await rig.askAdmin("GET", "/metrics").text
            let types = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
            #expect(Set(types).count == types.count)
            let open = try await rig.askAdmin(
                "GET",
                "/metrics",
                fields: ["Host: localhost", "Accept: application/openmetrics-text"]
            )
            #expect(open.text.hasSuffix("# EOF\n"))
            #expect(open["content-type"]?.hasPrefix("application/openmetrics-text") == true)
        }
    }
}
