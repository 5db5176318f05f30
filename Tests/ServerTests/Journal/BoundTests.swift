import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-701
/// Everything that fills says how full it is and how full it may become.
@Suite struct BoundTests {
    /// Levels that are bounded by something else, which is named.
    static let elsewhere = [
        "gw_build_info": "a constant",
        "gw_config_generation": "a count",
        "gw_config_generations_in_use": "gw_inflight_requests and one",
        "gw_config_hash": "a digest",
        "gw_config_last_reload_successful": "0 or 1",
        "gw_config_last_success_timestamp_seconds": "a time",
        "gw_config_waiting_for_restart": "the configuration",
        "gw_http2_connections": "gw_edge_connections_limit",
        "gw_http2_streams": "100 for each of gw_http2_connections",
        "gw_inflight_requests": "gw_edge_connections_limit: one for each connection",
        "gw_signature_fast": "0 or 1",
        "gw_tls_certificate_end_seconds": "a time",
        "gw_upstream_breaker": "0, 1 or 2",
        "gw_reservations_in_flight": "gw_edge_connections_limit: one for each request",
        "gw_upstream_connections": "gw_edge_connections_limit: one for each request, and the idle ones of each pool",
        "gw_upstream_http2_connections": "gw_upstream_connections, among which they are",
        "gw_vault_keys": "the configuration", "gw_vault_keys_by_state": "the configuration",
        "gw_secret_unlocked_bytes": "the keys that the configuration names",
        "process_resident_memory_bytes": "all the others together",
        "process_open_fds": "process_max_fds",
        "process_max_fds": "a bound itself",
        "process_start_time_seconds": "a time",
    ]

    private struct Level {
        let name: String
        let help: String
        var values: [Double]
    }

    private static func levels(_ exposition: String) -> [Level] {
        var levels: [Level] = []
        var help: [Substring: String] = [:]
        for line in exposition.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            if words.count == 4, words[1] == "HELP" { help[words[2]] = String(words[3]) }
            if words.count == 4, words[1] == "TYPE", words[3] == "gauge" {
                levels.append(Level(name: String(words[2]), help: help[words[2]] ?? "", values: []))
            }
            if line.first != "#", let last = levels.indices.last,
                line.prefix(while: { $0 != "{" && $0 != " " }) == levels[last].name
            {
                levels[last].values.append(words.last.flatMap { Double($0) } ?? .nan)
            }
        }
        return levels
    }

    private static func namesItsBound(_ level: Level, among names: Set<String>) -> Bool {
        if level.name.hasSuffix("_limit") || level.name.hasSuffix("_capacity") { return true }
        if names.contains(level.name + "_limit") || names.contains(level.name + "_capacity") { return true }
        if level.name.hasSuffix("_entries"), names.contains(level.name.replacing("_entries", with: "_capacity")) {
            return true
        }
        return level.help.contains("at most ")
    }

    @Test func everyLevelNamesItsBound() async throws {
        try await GateRig.run { rig async throws in
            _ = try await rig.chat("echo")
            let levels = Self.levels(try await rig.askAdmin("GET", "/metrics").text)
            #expect(levels.count > 10)
            let names = Set(levels.map(\.name))
            for level in levels where Self.elsewhere[level.name] == nil {
                #expect(
                    Self.namesItsBound(level, among: names),
                    "\(level.name) says nothing of its bound: add a gauge NAME_limit, or say «at most» in its help"
                )
            }
            // No excuse for what is not there any more.
            #expect(Self.elsewhere.keys.allSatisfy(names.contains))
        }
    }

    @Test func nothingIsFullerThanItMayBe() async throws {
        try await GateRig.run { rig async throws in
            for number in 0..<20 { _ = try await rig.chat("echo", token: rig.token(sub: "user-\(number)")) }
            let levels = Self.levels(try await rig.askAdmin("GET", "/metrics").text)
            func value(_ name: String) -> Double? { levels.first { $0.name == name }?.values.max() }
            for (fill, bound) in [
                ("gw_edge_connections", "gw_edge_connections_limit"),
                ("gw_held_body_bytes", "gw_held_body_bytes_limit"),
                ("gw_token_cache_entries", "gw_token_cache_capacity"), ("process_open_fds", "process_max_fds"),
            ] {
                let (fill, bound) = (try #require(value(fill)), try #require(value(bound)))
                #expect(fill <= bound)
            }
            #expect(value("gw_token_cache_entries") == 20)
            #expect(value("gw_ratelimit_entries") ?? 0 <= 100_000)
        }
    }
}
