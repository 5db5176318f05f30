import ArgumentParser
import Foundation
import OstiaryServer
import Synchronization
import Testing

@testable import ostiary

/// A gate that answers as it was told and remembers what it was asked.
final class FakeGate: LoopbackClient {
    struct Request {
        let path: String
        let door: LoopbackDoor
        let fields: [String: String]
        let body: [UInt8]
    }

    let status: Int
    let pieces: [String]
    let failure: LoopbackFailure?
    private let requests = Mutex<[Request]>([])

    init(status: Int = 200, pieces: [String] = [], failure: LoopbackFailure? = nil) {
        self.status = status
        self.pieces = pieces
        self.failure = failure
    }

    var asked: [Request] { requests.withLock { $0 } }

    func get(
        _ path: String,
        from door: LoopbackDoor,
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        try await post(path, to: door, fields: [], body: [], piece: piece)
    }

    func post(
        _ path: String,
        to door: LoopbackDoor,
        fields: [(name: String, value: String)],
        body: [UInt8],
        piece: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(LoopbackFailure) -> Int {
        let fields = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        requests.withLock { $0.append(Request(path: path, door: door, fields: fields, body: body)) }
        if let failure { throw failure }
        for text in pieces { piece(Array(text.utf8)) }
        return status
    }
}

@Suite struct TrialTests {
    private let door = LoopbackDoor.address(.init(host: "127.0.0.1", port: 8080))

    private func chunk(_ text: String) -> String {
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(text)\"}}]}\n\n"
    }

    @Test func printsTheAnswerAsItArrives() async throws {
        let whole = chunk("hel") + chunk("lo\\u001b[2J") + "data: [DONE]\n\n"
        let gate = FakeGate(pieces: whole.map(String.init))
        let listener = Listener()
        let trial = Trial(text: "hel\"lo", model: "m", door: door)
        try await trial.run(gate, token: "aaa", voice: listener.voice())
        #expect(listener.out == "hello\u{fffd}[2J\n")
        let request = try #require(gate.asked.first)
        #expect(request.path == "/v1/chat/completions")
        #expect(request.fields["Authorization"] == "Bearer aaa")
        let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
        #expect(body?["model"] as? String == "m")
        #expect(body?["stream"] as? Bool == true)
    }

    @Test func saysWhyTheGateRefused() async {
        let gate = FakeGate(status: 401, pieces: [#"{"error":{"message":"The token is not valid here","code":"x"}}"#])
        let listener = Listener()
        let code = await #expect(throws: ExitCode.self) {
            try await Trial(text: "x", model: "m", door: door).run(gate, token: "aaa", voice: listener.voice())
        }
        #expect(code == Status.refused)
        #expect(listener.err == "ostiary: error: the gate refused: The token is not valid here\n")
        #expect(!listener.err.contains("aaa"))
    }

    @Test func saysThatNobodyAnswers() async {
        let listener = Listener()
        let code = await #expect(throws: ExitCode.self) {
            try await Trial(text: "x", model: "m", door: door)
                .run(FakeGate(failure: .unreachable), token: "aaa", voice: listener.voice())
        }
        #expect(code == Status.unavailable)
        #expect(listener.err.contains("no gate answers at http://127.0.0.1:8080"))
    }
}

@Suite struct TokenTests {
    @Test func asksTheAdminDoorForAToken() async throws {
        let gate = FakeGate(pieces: ["{\"token\":", "\"a.b.c\"}"])
        let request = try DevelopmentToken(
            subject: "x",
            scope: "a b",
            lifetime: "5m",
            door: .named("unix:/run/o.sock", config: nil)
        )
        #expect(try await request.fetch(gate, voice: Listener().voice()) == "a.b.c")
        let asked = try #require(gate.asked.first)
        #expect(asked.path == "/admin/token")
        #expect(asked.door == .socket("/run/o.sock"))
        let body = try #require(try JSONSerialization.jsonObject(with: Data(asked.body)) as? [String: Any])
        #expect(body["sub"] as? String == "x")
        #expect(body["scope"] as? String == "a b")
        #expect(body["lifetime"] as? Int == 300)
    }

    @Test func aGateOutsideDevelopmentModeGivesNone() async throws {
        let listener = Listener()
        let trouble = await #expect(throws: DevelopmentToken.Trouble.self) {
            try await DevelopmentToken(door: .named("127.0.0.1:8123", config: nil)).fetch(
                FakeGate(status: 404),
                voice: listener.voice()
            )
        }
        #expect(trouble?.status == Status.refused)
        #expect(listener.err.contains("ostiary: hint: a gate with identity.local does, to its owner, and one in"))
    }

    @Test(arguments: ["example.com:80", "10.0.0.1:8123", "https://127.0.0.1:1", "127.0.0.1:0", "unix:", "127.0.0.1"])
    func asksOnlyThisMachine(_ admin: String) {
        #expect(throws: ValidationError.self) { try DevelopmentToken(door: .named(admin, config: nil)) }
    }

    @Test(arguments: ["0", "25h", "x", "-1", "0.5s"]) func refusesSuchLifetimes(_ lifetime: String) {
        #expect(throws: ValidationError.self) {
            try DevelopmentToken(lifetime: lifetime, door: .named("127.0.0.1:8123", config: nil))
        }
    }

    @Test func readsATokenFromItsSourceOnly() throws {
        let world = Configuration.Surroundings(
            variables: ["T": "a.b.c", "BAD": "a b"],
            read: { path, _ in path == "t" ? Array("d.e.f\n".utf8) : nil },
            look: { _ in .file }
        )
        #expect(try TokenSource.read("env:T", surroundings: world) == "a.b.c")
        #expect(try TokenSource.read("file:t", surroundings: world) == "d.e.f")
        for source in ["a.b.c", "env:NONE", "env:BAD", "file:none", ""] {
            #expect(throws: ValidationError.self) { try TokenSource.read(source, surroundings: world) }
        }
    }
}
