import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryServer
import Synchronization

/// A request for a token to the admin door of a gate in development mode: `POST /dev/token`.
struct DevelopmentToken: Sendable {
    let subject: String
    let scope: String?
    /// Seconds.
    let lifetime: Int
    let door: LoopbackDoor

    init(subject: String = "dev-user", scope: String? = nil, lifetime: String = "24h", admin: String) throws {
        guard let door = LoopbackDoor(parsing: admin) else {
            throw ValidationError(
                "--admin must be a door on this machine. Such as 127.0.0.1:8123 or unix:/run/ostiary.sock"
            )
        }
        guard (1...255).contains(subject.utf8.count) else {
            throw ValidationError("--subject must have 1 to 255 bytes")
        }
        guard let seconds = Configuration.seconds(lifetime), (1...86_400).contains(seconds) else {
            throw ValidationError("--lifetime must be from 1s to 24h. Such as 90, 5m or 1h")
        }
        self.subject = subject
        self.scope = scope
        self.lifetime = Int(seconds)
        self.door = door
    }

    /// `{"sub": …, "lifetime": …}`, and `"scope"` where one was given.
    var body: [UInt8] {
        var members: [JSONObject.Member] = [
            .init(name: "sub", value: .string(subject)),
            .init(name: "lifetime", value: .number(JSONNumber(text: String(lifetime)))),
        ]
        if let scope { members.append(.init(name: "scope", value: .string(scope))) }
        return Array(JSONText.pretty(.object(JSONObject(members: members))).utf8)
    }

    /// The token that the gate makes.
    func fetch(_ client: any LoopbackClient, voice: Voice) async throws -> String {
        let answer = Gathered()
        let status: Int
        do throws(LoopbackFailure) {
            status = try await client.post(
                "/dev/token",
                to: door,
                fields: [("Content-Type", "application/json")],
                body: body,
                piece: { answer.append($0) }
            )
        } catch {
            voice.error("no gate answers at \(door)")
            voice.hint("start one with: ostiary up")
            throw Status.unavailable
        }
        guard status == 200 else {
            voice.error("the gate at \(door) gives no tokens: status \(status)")
            voice.hint("only a gate in development mode does: ostiary up")
            throw Status.refused
        }
        struct Answer: Decodable {
            let token: String
        }
        guard let decoded = try? JSONDecoder().decode(Answer.self, from: Data(answer.bytes)) else {
            voice.error("the gate at \(door) answered with something else than a token")
            throw Status.protocol
        }
        return decoded.token
    }
}

/// The pieces of an answer put together, up to a limit; more is dropped.
final class Gathered: Sendable {
    private let storage = Mutex<[UInt8]>([])
    private let limit: Int

    init(limit: Int = 65_536) {
        self.limit = limit
    }

    func append(_ piece: [UInt8]) {
        storage.withLock { $0 += piece.prefix(limit - min($0.count, limit)) }
    }

    var bytes: [UInt8] { storage.withLock { $0 } }
}
