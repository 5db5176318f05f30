import ArgumentParser
import OstiaryCore
import OstiaryServer
import Testing

@testable import ostiary

@Suite struct TokenHelperTests {
    // {"exp":1790000000}
    private let token = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3OTAwMDAwMDB9.c2ln"

    @Test func eachFormatIsWhatItsReaderWants() throws {
        func value(_ format: TokenFormat) throws -> JSONObject? {
            let text = format.text(of: token, subject: "me")
            #expect(text.hasSuffix("\n"))
            return try JSONReader.read(Array(text.utf8)).object
        }
        #expect(TokenFormat.raw.text(of: token, subject: "me") == token + "\n")
        let json = try value(.json)
        #expect(json?["token"] == .string(token))
        #expect(json?["expires_at"]?.number?.int == 1_790_000_000)
        let exec = try value(.execCredential)
        #expect(exec?["kind"] == .string("ExecCredential"))
        #expect(exec?["status"]?.object?["expirationTimestamp"] == .string("2026-09-21T14:13:20Z"))
        let process = try value(.credentialProcess)
        #expect(process?["Version"]?.number?.int == 1)
        #expect(process?["AccessKeyId"] == .string("me"))
        #expect(process?["SessionToken"] == .string(token))
        #expect(process?["Expiration"] == .string("2026-09-21T14:13:20Z"))
        let git = TokenFormat.git.text(of: token, subject: "me")
        #expect(git == "username=ostiary\npassword=\(token)\npassword_expiry_utc=1790000000\n")
    }

    @Test func aTokenThatDoesNotSayWhenItEndsHasNoEnd() throws {
        #expect(TokenFormat.json.text(of: "a.b.c", subject: "me") == "{\"token\":\"a.b.c\"}\n")
        #expect(TokenFormat.git.text(of: "opaque", subject: "me") == "username=ostiary\npassword=opaque\n")
    }

    /// Git asks every helper for every host.
    @Test func gitHearsATokenForTheGateOnly() throws {
        let gate = try #require(GateURL("http://127.0.0.1:8080"))
        for (lines, isOurs) in [
            (["protocol=http", "host=127.0.0.1:8080"], true), (["protocol=https", "host=github.com"], false),
            (["protocol=https", "host=127.0.0.1:8080"], false), (["protocol=http", "host=127.0.0.1:80"], false),
            (["protocol=http", "host=127.0.0.1:8080@evil"], false), (["host=127.0.0.1:8080"], false), ([], false),
            (["protocol=http", "host=127.0.0.1:8080", "path=x"], true),
        ] {
            #expect(GitQuestion(lines: lines).isAbout(gate) == isOurs, "\(lines)")
        }
    }

    @Test func `the owner asks as the owner, and whoever else asks a gate in development mode`() async throws {
        let good = #"{"token":"\#(token)"}"#
        var request = try DevelopmentToken(door: .named("127.0.0.1:8123", config: nil))
        request.bearer = "ostd_x"
        let gate = FakeGate(pieces: [good])
        #expect(try await request.fetch(gate, voice: Listener().voice()) == token)
        #expect(gate.asked.map(\.path) == ["/admin/token"])
        #expect(gate.asked.first?.fields["Authorization"] == "Bearer ostd_x")

        let socket = try DevelopmentToken(door: .named("unix:/run/o.sock", config: nil))
        let byFile = FakeGate(pieces: [good])
        #expect(try await socket.fetch(byFile, voice: Listener().voice()) == token)
        #expect(byFile.asked.map(\.path) == ["/admin/token"])
        #expect(byFile.asked.first?.fields["Authorization"] == nil)

        let refusing = FakeGate(status: 404)
        await #expect(throws: DevelopmentToken.Trouble.refused) {
            try await request.fetch(refusing, voice: Listener().voice())
        }
        // The daemon's token is nobody's business there.
        #expect(refusing.asked.map(\.path) == ["/admin/token", "/dev/token"])
        #expect(refusing.asked.last?.fields["Authorization"] == nil)
    }

    @Test func eachTroubleHasItsStatus() async throws {
        let good = #"{"token":"\#(token)"}"#
        for (gate, status, general) in [
            (FakeGate(failure: .unreachable), 3, 69), (FakeGate(status: 423), 4, 77), (FakeGate(status: 500), 5, 77),
            (FakeGate(pieces: ["<html>"]), 5, 76), (FakeGate(status: 404), 6, 77),
            (FakeGate(pieces: [#"{"token":"a\nb"}"#]), 5, 76),
        ] as [(FakeGate, Int32, Int32)] {
            let listener = Listener()
            do {
                _ = try await DevelopmentToken(door: .named("127.0.0.1:8123", config: nil)).fetch(
                    gate,
                    voice: listener.voice()
                )
                Issue.record("a token came from nowhere")
            } catch let trouble as DevelopmentToken.Trouble {
                #expect(trouble.helperStatus.rawValue == status)
                #expect(trouble.status.rawValue == general)
                #expect(listener.err.hasPrefix("ostiary: error: "))
                #expect(listener.out.isEmpty)
            }
        }
        let fetched = try await DevelopmentToken(door: .named("127.0.0.1:8123", config: nil)).fetch(
            FakeGate(pieces: [good]),
            voice: Listener().voice()
        )
        #expect(fetched == token)
    }
}
