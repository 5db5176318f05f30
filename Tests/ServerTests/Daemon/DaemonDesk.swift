import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// A gate with a store in memory and a token for its admin door.
struct DaemonDesk {
    let rig: GateRig

    /// The token that the rig's environment holds.
    static let token = GateRig.otherKey

    static func run(
        _ change: (inout Configuration) -> Void = { _ in },
        upstream: RecordingUpstream? = nil,
        _ test: (DaemonDesk) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("daemon-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await GateRig.run(
            { configuration in
                configuration.vault.backend = .memory
                configuration.daemon.folder = folder
                configuration.daemon.tokenFile = folder + "/token"
                configuration.daemon.token = .environment("OTHER_KEY")
                change(&configuration)
            },
            upstream: upstream
        ) { rig async throws in try await test(DaemonDesk(rig: rig)) }
    }

    func ask(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        token: String? = token,
        fields: [String] = []
    ) async throws -> RawMessage {
        var lines = ["Host: 127.0.0.1"] + fields
        if let token { lines.append("Authorization: Bearer \(token)") }
        if body != nil { lines.append("Content-Type: application/json") }
        return try await rig.askAdmin(method, path, fields: lines, body: body)
    }

    /// Whether an answer is of a shape that its route gives at this status, or an error of the one shape.
    func conforms(_ answer: RawMessage, _ method: Method, _ path: String) throws -> Bool {
        let value = try JSONReader.read(answer.body.span)
        guard case .route(let route, _) = AdminRoutes.find(method, path) else { return false }
        if let success = route.successes.first(where: { $0.status == answer.status }) {
            return success.shape?.fault(in: value) == nil
        }
        return AdminError.shape.fault(in: value) == nil
    }
}

extension RawMessage {
    /// The answer as JSON.
    var json: JSONObject? { try? JSONReader.read(body.span).object }
    /// The code of an error of the admin door.
    var problem: String? { json?["error"]?.object?["code"]?.string }
}
