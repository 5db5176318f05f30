import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryServer

/// A request for a token to a gate's admin door: as its owner (`POST /admin/token`), where the door knows one by its
/// socket file or by the daemon's token, or else as anybody, of a gate in development mode (`POST /dev/token`).
struct DevelopmentToken: Sendable {
    let subject: String
    let scope: String?
    /// Seconds.
    let lifetime: Int
    let door: LoopbackDoor
    /// The daemon's token, for a door that is no socket file.
    var bearer: String?

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
        var (status, answer) = (404, Gathered())
        do throws(LoopbackFailure) {
            if isOwner { (status, answer) = try await post("/admin/token", client) }
            // No gate that gives its owner tokens, or none that takes this one for its owner's.
            if [401, 404].contains(status) {
                let (other, anybody) = try await post("/dev/token", client)
                if other != 404 || status == 404 { (status, answer) = (other, anybody) }
            }
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
            voice.hint("a gate with identity.local does, to its owner, and one in development mode: ostiary up")
            throw .refused
        }
        return try Self.token(answer, door, voice)
    }

    private var isOwner: Bool {
        if case .socket = door { return true }
        return bearer != nil
    }

    private func post(_ path: String, _ client: any LoopbackClient) async throws(LoopbackFailure) -> (Int, Gathered) {
        let answer = Gathered()
        var fields = [(name: "Content-Type", value: "application/json")]
        if let bearer, path.hasPrefix("/admin/") { fields.append(("Authorization", "Bearer \(bearer)")) }
        let status = try await client.post(path, to: door, fields: fields, body: body, piece: { answer.append($0) })
        return (status, answer)
    }

    private static func token(
        _ answer: Gathered,
        _ door: LoopbackDoor,
        _ voice: Voice
    ) throws(Trouble) -> String {
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
