import OstiaryCore
import Synchronization

/// What answers at an admin door.
enum StandingGate: Sendable {
    struct Answer: Sendable {
        let pid: Int?
        let version: String?
        /// `Configuration.digest` of what it runs by.
        let digest: String?
        let isReady: Bool
    }

    case answers(Answer)
    /// Something listens there that is no gate.
    case stranger
    case nobody

    static func ask(_ door: LoopbackDoor, _ client: any LoopbackClient) async -> StandingGate {
        do throws(LoopbackFailure) {
            let (_, health) = try await get("/health", door, client)
            guard let members = health?.object, let version = members["version"]?.string,
                members["protocol_version"] != nil
            else { return .stranger }
            let (ready, _) = try await get("/ready", door, client)
            return .answers(
                Answer(
                    pid: members["pid"]?.number?.int,
                    version: version,
                    digest: members["configuration"]?.object?["digest"]?.string,
                    isReady: ready == 200
                )
            )
        } catch {
            return error == .unreachable ? .nobody : .stranger
        }
    }

    private static func get(
        _ path: String,
        _ door: LoopbackDoor,
        _ client: any LoopbackClient
    ) async throws(LoopbackFailure) -> (Int, JSONValue?) {
        let body = Heap()
        let status = try await client.get(path, from: door) { body.append($0) }
        return (status, try? JSONReader.read(body.bytes))
    }

    /// At most 64 KiB of an answer.
    private final class Heap: Sendable {
        private let storage = Mutex<[UInt8]>([])

        func append(_ piece: [UInt8]) { storage.withLock { $0 += piece.prefix(65_536 - min($0.count, 65_536)) } }
        var bytes: [UInt8] { storage.withLock { $0 } }
    }
}
