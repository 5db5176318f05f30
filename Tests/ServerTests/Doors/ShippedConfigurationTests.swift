import Foundation
import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-004
/// What stands open when the gate is started with what is shipped, and with nothing.
@Suite struct ShippedConfigurationTests {
    /// Every configuration in the examples.
    static let examples: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(Kit.checkout)/examples")) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    /// The public routes; whoever makes another one public has to say so here.
    static let golden = ["/", "/health", "/ready"]

    @Test func thereAreExamples() {
        #expect(Self.examples.contains("ostiary.yaml"))
    }

    @Test(arguments: examples)
    func anExampleOpensNothingToStrangers(name: String) async throws {
        let text = try Kit.text("examples/\(name)")
        let variables = text.matches(of: #/env:([A-Za-z_][A-Za-z0-9_]*)/#).map { (String($0.output.1), "value") }
        let example = try Kit.read(text, Dictionary(variables) { first, _ in first })
        #expect(example.listen.address.isLoopback && example.admin.address.isLoopback)
        try await GateRig.run({ configuration in
            // Ports of its own, keys that can be had, and a provider that would tell.
            let mine = configuration
            configuration = example
            configuration.listen.address = mine.listen.address
            configuration.admin.address = mine.admin.address
            configuration.admin.socket = nil
            configuration.identity.hashKey = nil
            for index in configuration.identity.jwt.indices {
                configuration.identity.jwt[index].jwks = mine.identity.jwt[0].jwks
            }
            for index in configuration.providers.indices where configuration.providers[index].kind != .echo {
                configuration.providers[index].key = mine.providers[0].key
                configuration.providers[index].baseURL = mine.providers[0].baseURL
            }
            configuration.limits.failuresPerMinute = 0
        }) { rig async throws in
            #expect(try await Self.open(rig) == Self.golden)
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    /// Paths below which anything answers somebody without a credential with other than a refusal.
    private static func open(_ rig: GateRig) async throws -> [String] {
        let admin = ["/metrics", "/admin/stats", "/dev/token", "/admin", "/console", "/debug/pprof"]
        let elsewhere = ["/nowhere", "/v1", "/.well-known/jwks.json", "/favicon.ico"]
        var open: [String] = []
        for path in Routes.all.map(\.sample) + admin + elsewhere {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
                let body = method == "POST" ? GateRig.question() : nil
                let answer = try await rig.ask(method, path, body: body)
                #expect([200, 401, 405, 503].contains(answer.status), "\(method) \(path): \(answer.status)")
                if answer.status == 200, !open.contains(path) { open.append(path) }
                // A method that an open route does not serve is all that may be said besides.
                if answer.status == 405 { #expect(golden.contains(path), "\(method) \(path)") }
            }
        }
        return open
    }

    @Test func anEmptyConfigurationStartsNothing() throws {
        for text in ["", "{}", "listen: {}\nadmin: {}\n"] {
            let faults = Kit.faults(text)
            #expect(faults.contains { $0.contains("nobody could enter") })
            #expect(faults.contains { $0.contains("no provider is configured") })
        }
        let nothing = Configuration()
        #expect(nothing.listen.address.isLoopback && nothing.admin.address.isLoopback && nothing.admin.socket == nil)
    }

    /// One that was made in code and asks nobody for a token does not start either.
    @Test func noGateStartsWithoutAnIssuer() async throws {
        await #expect(throws: Running.Failure.self) {
            try await GateRig.run({ $0.identity.jwt = [] }) { _ in }
        }
        await #expect(throws: Running.Failure.self) {
            try await GateRig.run({
                $0.identity.jwt = []
                $0.listen.address = Configuration.Address(host: "0.0.0.0", port: 0)
            }) { _ in }
        }
    }

    @Test func theTwoDoorsAreTwoSockets() async throws {
        #expect(
            Kit.faults("listen: {address: 127.0.0.1:9}\nadmin: {address: 127.0.0.1:9}").contains {
                $0.contains("is the public door's address too")
            }
        )
        try await GateRig.run { rig async throws in #expect(rig.gate.port != rig.gate.adminPort) }
    }
}
