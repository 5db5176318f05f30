import OstiaryCore

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
        let body = Gathered()
        let status = try await client.get(path, from: door) { body.append($0) }
        return (status, try? JSONReader.read(body.bytes))
    }
}
