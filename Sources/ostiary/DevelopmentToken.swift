import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryServer

/// A request for a token to the admin door of a gate in development mode: `POST /dev/token`.
struct DevelopmentToken: Sendable {
    let subject: String
    let scope: String?
    /// Seconds.
    let lifetime: Int
    let door: LoopbackDoor

    init(subject: String = "dev-user", scope: String? = nil, lifetime: String = "24h", door: LoopbackDoor) throws {
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

    /// Why there is no token.
    enum Trouble: Error, Hashable {
        /// No gate answers.
        case nobody
        /// The gate gives none.
        case refused
        /// What the gate keeps its keys in is locked.
        case locked
        /// The gate could not make one.
        case failed
        /// What answers is no gate.
        case nonsense

        /// For commands that need a token on the way to something else.
        var status: ExitCode {
            switch self {
            case .nobody: Status.unavailable
            case .refused, .locked, .failed: Status.refused
            case .nonsense: Status.protocol
            }
        }
    }

    /// The token that the gate makes; says so where there is none.
    func fetch(_ client: any LoopbackClient, voice: Voice) async throws(Trouble) -> String {
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
            throw .nobody
        }
        switch status {
        case 200: break
        case 423:
            voice.error("the gate at \(door) cannot open its store of keys: it is locked")
            voice.hint("unlock it where the gate runs; its log names the store")
            throw .locked
        case 500...:
            voice.error("the gate at \(door) could not make a token: status \(status)")
            voice.hint("its log says why; the field x-request-id of the answer finds the line")
            throw .failed
        default:
            voice.error("the gate at \(door) gives no tokens: status \(status)")
            voice.hint("only a gate in development mode does: ostiary up")
            throw .refused
        }
        struct Answer: Decodable {
            let token: String
        }
        guard let decoded = try? JSONDecoder().decode(Answer.self, from: Data(answer.bytes)),
            !decoded.token.isEmpty, decoded.token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            voice.error("the gate at \(door) answered with something else than a token")
            throw .nonsense
        }
        return decoded.token
    }
}
