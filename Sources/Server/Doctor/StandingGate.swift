import OstiaryCore
import OstiaryVault

/// What answers at an admin door.
enum StandingGate: Sendable {
    struct Answer: Sendable {
        let pid: Int?
        let version: String?
        /// `Configuration.digest` of what it runs by.
        let digest: String?
        let isReady: Bool
        var keys: [Key] = []
    }

    /// A provider none of whose keys can be lent now.
    struct Key: Hashable, Sendable {
        let provider: String
        let source: String
        let reason: String?
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
            // A gate of before says nothing of its keys.
            let upstreams = (try? await get("/admin/upstreams", door, client))?.1
            return .answers(
                Answer(
                    pid: members["pid"]?.number?.int,
                    version: version,
                    digest: members["configuration"]?.object?["digest"]?.string,
                    isReady: ready == 200,
                    keys: upstreams?.object.map(missing) ?? []
                )
            )
        } catch {
            return error == .unreachable ? .nobody : .stranger
        }
    }

    private static func missing(_ upstreams: JSONObject) -> [Key] {
        (upstreams["providers"]?.array ?? []).compactMap { provider in
            let keys = provider.object?["keys"]?.array ?? []
            guard let name = provider.object?["name"]?.string, let first = keys.first?.object,
                keys.allSatisfy({ $0.object?["state"]?.string == KeyStatus.State.missing.rawValue })
            else { return nil }
            return Key(
                provider: Reading.printable(name),
                source: Reading.printable(first["source"]?.string ?? ""),
                reason: first["last_error"]?.string.map { Reading.printable($0, most: 256) }
            )
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
