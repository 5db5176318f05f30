import OstiaryCore
import OstiaryTesting
import OstiaryWire
import Testing

@testable import OstiaryServer

// Where a provider's name may lead, through the whole gate.
@Suite struct AddressTests {
    // SEC-502
    @Test func aPublicNameThatLeadsHomeIsRefused() async throws {
        let resolver = ScriptedResolver(["api.example": ["127.0.0.1", "169.254.169.254"]])
        try await GateRig.run(
            { $0.providers[0].baseURL = "https://api.example/v1" },
            resolver: resolver
        ) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 502)
            #expect(answer.code == "upstream_unreachable")
            // The client learns nothing of the operator's network.
            #expect(!answer.text.contains("127.0.0.1") && !answer.text.contains("api.example"))
            let entry = try await rig.entry(of: answer)
            #expect(entry.cause == "address_denied")
            try await wait(for: "the warning") {
                rig.log.text.contains("a provider's name leads to addresses that are not allowed")
            }
            #expect(rig.log.text.contains("providers.main.addresses"))
            #expect(try await rig.metric("gw_upstream_addresses_denied_total") == 1)
            #expect(rig.upstream.connections.isEmpty)
            // The operator hears of it once a minute, and the breaker does not hide it.
            for _ in 0..<8 { #expect(try await rig.entry(of: rig.chat()).cause == "address_denied") }
            #expect(rig.log.events.count { $0.message.contains("not allowed") } == 1)
            try await rig.expectBalanced()
        }
    }

    // SEC-502
    @Test func theOperatorMayAllowIt() async throws {
        let resolver = ScriptedResolver(["models.example.internal": ["127.0.0.1"]])
        try await GateRig.run(
            { configuration in
                let url = configuration.providers[0].baseURL ?? ""
                configuration.providers[0].baseURL = url.replacing("127.0.0.1", with: "models.example.internal")
            },
            resolver: resolver
        ) { rig async throws in
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.requests.first?.message["host"]?.hasPrefix("models.example.internal:") == true)
            #expect(resolver.asked.value == ["models.example.internal"])
        }
    }

    // SEC-204
    @Test func aKeySetsNameThatLeadsHomeIsRefused() async throws {
        let resolver = ScriptedResolver(["idp.example": ["10.0.0.1"]])
        try await GateRig.run(
            { $0.identity.jwt[0].jwks = .url("https://idp.example/keys") },
            resolver: resolver
        ) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 503)
            #expect(answer.code == "keys_unavailable")
            try await wait(for: "the warning") {
                rig.log.text.contains("a key set's name leads to addresses that are not allowed")
            }
            #expect(rig.log.text.contains("identity.jwt[].addresses"))
        }
    }

    // SEC-501, SEC-502
    @Test(arguments: [
        #""NAME":"http://evil.example/""#, #""metadata":{"NAME":"http://evil.example"}"#,
        #""metadata":{"a":{"NAME":"http://evil.example:9"}}"#, #""x":[{"y":{"z":{"NAME":["http://evil.example"]}}}]"#,
    ])
    func nothingThatAClientSendsChoosesAHost(form: String) async throws {
        let names = [
            "api_base", "base_url", "custom_host", "user_config", "extra_headers", "host", "proxy", "api_key", "url",
            "endpoint", "azure_endpoint", "organization",
        ]
        let resolver = ScriptedResolver(["evil.example": ["127.0.0.1"]])
        try await GateRig.run(resolver: resolver) { rig async throws in
            for name in names {
                let body = #"{"model":"m",\#(form.replacing("NAME", with: name)),"messages":[]}"#
                let fields = [
                    "X-Custom-\(name.replacing("_", with: "-")): http://evil.example",
                    "X-Portkey-Custom-Host: http://evil.example",
                    "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "Proxy: http://evil.example",
                ]
                let answer = try await rig.ask(
                    "POST",
                    "/v1/chat/completions?\(name)=http://evil.example",
                    token: rig.token(),
                    fields: fields,
                    body: body
                )
                #expect(answer.status == 200)
            }
            #expect(resolver.asked.value == [])
            #expect(rig.upstream.requests.count == names.count)
            for request in rig.upstream.requests {
                #expect(request.message["host"] == "127.0.0.1:\(rig.upstream.port)")
                #expect(request.message["authorization"] == "Bearer \(GateRig.providerKey)")
                #expect(!request.message.fields.contains { $0.value.contains("evil") })
            }
            #expect(rig.upstream.connections.count == 1)
        }
    }

    // SEC-504
    @Test(arguments: ["301", "302", "303", "307", "308"]) func aRedirectIsNotFollowed(_ status: String) async throws {
        let elsewhere = try RecordingUpstream.answering("{}")
        let place = "Location: http://127.0.0.1:\(elsewhere.port)/v1/chat/completions\r\n"
        try await GateRig.run(upstream: RecordingUpstream.answering("{}", status: "\(status) There", fields: place)) {
            rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 502)
            #expect(try await rig.entry(of: answer).cause == "redirect")
            #expect(elsewhere.connections.isEmpty)
        }
        elsewhere.stop()
    }

    // SEC-509: two providers at one address with a key each never share a connection.
    @Test func keysDoNotShareConnections() async throws {
        try await GateRig.run({ configuration in
            var other = configuration.providers[0]
            other.name = "other"
            configuration.providers.append(other)
            configuration.models.append(GateRig.model("other*", "other"))
        }) { rig async throws in
            for _ in 0..<3 {
                #expect(try await rig.chat("m").status == 200)
                #expect(try await rig.chat("other").status == 200)
            }
            #expect(rig.upstream.connections.count == 2)
            for request in rig.upstream.requests {
                #expect(request.message.text.contains(#""model":"other""#) == (request.connection == 1))
            }
        }
    }
}
